/** Every way in which ikfs can fail to do what was asked: one closed union. */
export const errorCodes = [
  /** The input ends before its own headers say it does. */
  'truncated',
  /** The input contradicts its format. */
  'corrupt',
  /** A format or feature that ikfs knows of and does not handle. */
  'unsupported',
  /** A cap (see bytes/limits.ts) was reached. */
  'limit',
  /** What was asked for is not there. */
  'not-found',
  /** Two sources that must agree (release, base BTF, checksum) do not. */
  'mismatch',
  /** An input was changed or replaced after it had been described. */
  'changed',
  /** The operating system refused access. */
  'denied',
  /** Reading or writing failed in the operating system. */
  'io',
  /** The store's file system is full. */
  'no-space',
  /** What is kept in memory would take more than it may. */
  'no-memory',
  /** Something that this machine lacks: FUSE, an addon, a tool. */
  'unavailable',
  /** The command line or a configuration value is wrong. */
  'usage',
  /** A directory was used as a file, a file as a directory, or the like. */
  'wrong-kind',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorContext {
  /** The file (or the name of the bytes) that the error is about. */
  readonly path?: string | undefined;
  /** What was being done, outermost first: `['bzImage', 'xz payload']`. */
  readonly steps?: readonly string[] | undefined;
  /** Byte offset in the innermost bytes being read. */
  readonly offset?: number | undefined;
  /** One sentence telling the user what can be done. */
  readonly advice?: string | undefined;
  readonly cause?: unknown;
}

/** The only error that ikfs throws on purpose. */
export class IkfsError extends Error {
  override readonly name = 'IkfsError';
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly steps: readonly string[];
  readonly offset: number | undefined;
  readonly advice: string | undefined;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.path = context.path;
    this.steps = context.steps ?? [];
    this.offset = context.offset;
    this.advice = context.advice;
  }

  /** The same error seen from further out: adds the path and steps that the thrower did not know. */
  within(outer: {
    path?: string | undefined;
    step?: string | undefined;
    advice?: string | undefined;
  }): IkfsError {
    return new IkfsError(this.code, this.message, {
      path: outer.path ?? this.path,
      steps: outer.step === undefined ? this.steps : [outer.step, ...this.steps],
      offset: this.offset,
      advice: this.advice ?? outer.advice,
      cause: this,
    });
  }
}

/** Node's system error codes that have a meaning of their own here; all others are `io`. */
const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'wrong-kind',
  EISDIR: 'wrong-kind',
  EACCES: 'denied',
  EPERM: 'denied',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  ENOMEM: 'no-memory',
};

/**
 * Any thrown value as an `IkfsError`: one that already is comes back with the context added, a system error
 * keeps its meaning, and anything else (a bug) stays visible as the cause of an `io` error.
 */
export function asIkfsError(thrown: unknown, outer: { path?: string; step?: string } = {}): IkfsError {
  if (thrown instanceof IkfsError) {
    return outer.path === undefined && outer.step === undefined ? thrown : thrown.within(outer);
  }
  const steps = outer.step === undefined ? [] : [outer.step];
  if (thrown instanceof Error) {
    const { code: systemCode, path } = thrown as NodeJS.ErrnoException;
    const code = (systemCode === undefined ? undefined : systemCodes[systemCode]) ?? 'io';
    return new IkfsError(code, systemText(thrown.message), {
      path: outer.path ?? path,
      steps,
      cause: thrown,
    });
  }
  return new IkfsError('io', String(thrown), { path: outer.path, steps, cause: thrown });
}

/** Node's `ENOENT: no such file or directory, open '/boot'` without what the code and the path say already. */
function systemText(message: string): string {
  return message.replace(/^E[A-Z0-9]+: (.+), [a-z]+(?: '.*')?$/s, '$1');
}

/** One line for a person: path, steps, offset, what is wrong, what to do. */
export function describeError(error: IkfsError): string {
  const where = [error.path, ...error.steps].filter((part) => part !== undefined).join(' > ');
  const offset = error.offset === undefined ? '' : ` (at offset 0x${error.offset.toString(16)})`;
  const advice = error.advice === undefined ? '' : `. ${error.advice}`;
  return `${where === '' ? '' : `${where}: `}${error.message}${offset}${advice}`;
}
