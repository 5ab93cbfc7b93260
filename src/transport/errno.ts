import { constants } from 'node:os';
import { IkfsError, asIkfsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

const { errno } = constants;

/**
 * What a system call on the mount fails with, for each way in which ikfs can fail; positive, as errno(3). The
 * full story is in the log and in status.json: a program sees only this number, so each is the one whose
 * strerror(3) text comes nearest. ENOSYS is none of them, because the kernel stops asking after it.
 */
export const errnoByCode: Readonly<Record<ErrorCode, number>> = {
  /** No data available: bytes that the headers of the image promise are not there. */
  truncated: errno.ENODATA,
  /** Bad message: also the kernel's choice for a bad checksum (EFSBADCRC). */
  corrupt: errno.EBADMSG,
  /** Operation not supported. */
  unsupported: errno.EOPNOTSUPP,
  /** File too large. */
  limit: errno.EFBIG,
  /** No such file or directory. */
  'not-found': errno.ENOENT,
  /** Exec format error: what the kernel answers for a module of another kernel. */
  mismatch: errno.ENOEXEC,
  /** Stale file handle: the name was right, what is behind it is another thing by now. */
  changed: errno.ESTALE,
  /** Permission denied. */
  denied: errno.EACCES,
  /** Input/output error: the disk's own failures, and defects of ikfs. */
  io: errno.EIO,
  /** No space left on device: the store is full. */
  'no-space': errno.ENOSPC,
  /** Cannot allocate memory. */
  'no-memory': errno.ENOMEM,
  /** No such device: this machine lacks what is needed. */
  unavailable: errno.ENODEV,
  /** Invalid argument. */
  usage: errno.EINVAL,
  /** Not a directory; where another number fits better, the handler throws a Refusal. */
  'wrong-kind': errno.ENOTDIR,
};

const refusals = {
  'no-such-name': { code: 'not-found', errno: errno.ENOENT, message: 'no such name in the tree' },
  'not-a-directory': { code: 'wrong-kind', errno: errno.ENOTDIR, message: 'is not a directory' },
  'is-a-directory': { code: 'wrong-kind', errno: errno.EISDIR, message: 'is a directory' },
  'not-a-link': { code: 'wrong-kind', errno: errno.EINVAL, message: 'is not a symbolic link' },
  'not-a-file': { code: 'wrong-kind', errno: errno.EINVAL, message: 'is not a regular file' },
} as const;

/** A request that no tree could fulfil: the asker's mistake and nothing to report. */
export class Refusal extends IkfsError {
  readonly errno: number;

  constructor(why: keyof typeof refusals, path: string) {
    super(refusals[why].code, refusals[why].message, { path });
    this.errno = refusals[why].errno;
  }
}

/** The errno, positive, for anything thrown while a request was answered. */
export function errnoOf(thrown: unknown): number {
  return thrown instanceof Refusal ? thrown.errno : errnoByCode[asIkfsError(thrown).code];
}
