import { IkfsError, asIkfsError, errorCodes } from '../src/errors.ts';
import { errnoByCode } from '../src/transport/errno.ts';

/**
 * What a system call on a mount failed with, as the failure that the mount has had: only its errno comes
 * through, and not all of them have words in Node.
 * @param path what the call was about
 */
export function mountFailure(thrown: unknown, path: string): IkfsError {
  const known = asIkfsError(thrown, { path });
  if (known.code !== 'io') return known;
  const { errno = 0 } = thrown as NodeJS.ErrnoException;
  const code = errorCodes.find((each) => errnoByCode[each] === -errno);
  if (code === undefined) return known;
  return new IkfsError(code, `the mount can not make it (${code})`, {
    path,
    advice: "status.json in the mount's root says why",
    cause: thrown,
  });
}
