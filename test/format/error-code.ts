import { IkfsError } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/errors.ts';

/** The code of the IkfsError that a call throws, `none` when it does not; another exception goes through. */
export function errorCode(body: () => unknown): ErrorCode | 'none' {
  try {
    body();
  } catch (error) {
    if (error instanceof IkfsError) return error.code;
    throw error;
  }
  return 'none';
}
