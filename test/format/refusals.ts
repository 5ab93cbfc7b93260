import type { ExecutionContext } from 'ava';
import type { ErrorCode } from '../../src/errors.ts';
import { errorCode } from './error-code.ts';

/** Asserts that a parser refuses each input with the error code beside it. */
export function assertRefusals(
  t: ExecutionContext,
  parse: (bytes: Buffer) => unknown,
  cases: readonly (readonly [Buffer, ErrorCode])[],
): void {
  cases.forEach(([bytes, code], index) => {
    t.is(
      errorCode(() => parse(bytes)),
      code,
      `case ${index}`,
    );
  });
}
