import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { asIkfsError } from '../src/errors.ts';

/** Where the tree is mounted unless the command line says otherwise. */
export function defaultMountpoint(): string {
  const user = process.geteuid?.() ?? 0;
  if (user === 0) return '/run/ikfs';
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return join(runtime !== undefined && isAbsolute(runtime) ? runtime : `/run/user/${user}`, 'ikfs');
}

/**
 * Makes a mountpoint if it is missing. Whether one that is there will do is for the transport to tell.
 * @param path absolute
 * @returns takes away again what was made; to be called when nothing is mounted there any more
 * @throws IkfsError `denied`, `wrong-kind`, `io`
 */
export function createMountpoint(path: string): () => void {
  const nothing = (): void => undefined;
  try {
    statSync(path);
    return nothing;
  } catch (error) {
    // Anything else is there in some way, such as the mount of a server that crashed.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return nothing;
  }
  let outermost: string | undefined;
  try {
    outermost = mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw asIkfsError(error, { path, step: 'mountpoint' });
  }
  return () => {
    try {
      for (let made = path; ; made = dirname(made)) {
        rmdirSync(made);
        if (outermost === undefined || made === outermost) return;
      }
    } catch {
      // Somebody uses it by now; an empty directory too many is no harm.
    }
  };
}
