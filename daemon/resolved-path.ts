import { realpathSync } from 'node:fs';

/** A path without symbolic links; as it is where nothing is there yet, or a dead mount keeps it from being looked at. */
export function resolvedPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
