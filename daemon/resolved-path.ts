import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A path without symbolic links; as it is where nothing is there yet, or a dead mount keeps it from being looked at. */
export function resolvedPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * A path as the table of mounts has it: without symbolic links in front of its last name. What has that name is not
 * looked at: it may be a mount that does not answer.
 * @returns undefined when the directory that it lies in is not there
 */
export function placeInTable(path: string): string | undefined {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return undefined;
  }
}
