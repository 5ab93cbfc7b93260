import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { asIkfsError } from '../src/errors.ts';

/**
 * Writes the number of this process into a file, for init systems that find a daemon by it. Nobody ever sees a part
 * of it: the file takes its name when it is whole.
 * @param path absolute
 * @returns removes it, unless it is another process's by now
 * @throws IkfsError `denied`, `not-found`, `io`, `no-space`
 */
export function writePidFile(path: string): () => void {
  const text = `${process.pid}\n`;
  const unfinished = `${path}.${process.pid}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o644, flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw asIkfsError(error, { path, step: '--pid-file' });
  }
  return () => {
    try {
      if (readFileSync(path, 'latin1') === text) rmSync(path);
    } catch {
      // It has gone, or may not be removed from within the fence; a file too many says nothing wrong for long.
    }
  };
}
