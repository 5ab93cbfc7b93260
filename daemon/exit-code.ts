import type { ErrorCode } from '../src/errors.ts';

/**
 * What a script or a service manager learns from the exit status; also the table that help shows. The third signal
 * to stop ends a mount with 128 and the signal's number, as a shell tells it.
 */
export const exitCodes = {
  0: 'done',
  1: 'what was asked for is not there',
  2: 'the command line is wrong',
  3: 'an input is truncated, corrupt or of a kind that ikfs does not know',
  4: 'this machine lacks something: FUSE, a permission',
  5: 'reading or writing failed, or there is no space left',
  6: 'the mount was lost: the kernel ended the connection, nobody unmounted it',
  7: 'stopping took too long, and what hung was left as it was',
} as const;

export type ExitCode = keyof typeof exitCodes;

/** The exit status for each way in which ikfs can fail. */
export const exitCodeOf: Readonly<Record<ErrorCode, ExitCode>> = {
  'not-found': 1,
  'wrong-kind': 1,
  usage: 2,
  truncated: 3,
  corrupt: 3,
  unsupported: 3,
  limit: 3,
  mismatch: 3,
  denied: 4,
  unavailable: 4,
  changed: 5,
  io: 5,
  'no-space': 5,
  'no-memory': 5,
};
