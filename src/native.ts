import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IkfsError, asIkfsError, errorCodes } from './errors.ts';

/** A range of an open file, or bytes in memory: what native code reads its input from. */
export type NativeInput =
  { readonly descriptor: number; readonly offset: number; readonly length: number } | Uint8Array;

/** Result of a native decode. All counts are bytes. */
export interface NativeDecoded {
  /** Input bytes up to the end of the compressed stream; trailing bytes are not an error. */
  readonly consumed: number;
  readonly produced: number;
  /** The decoded bytes when no output descriptor was given. */
  readonly bytes: Buffer | undefined;
}

/**
 * What the addon in native/ offers. Each function works on a thread of libuv's pool; its promise rejects with
 * an Error whose `code` is one of `truncated`, `corrupt`, `unsupported`, `limit`, `io`, `no-space`, and whose `offset` is the
 * input offset in bytes.
 */
export interface Native {
  /** The decoders compiled in; `xz` and `lzma` where liblzma was there at build time. */
  readonly decoders: readonly string[];
  /**
   * Decodes one stream.
   * @param codec one of `decoders`
   * @param output descriptor written from offset 0, or null to return the bytes
   * @param cap the most bytes that may come out; one more is the error `limit`
   */
  decode(codec: string, input: NativeInput, output: number | null, cap: number): Promise<NativeDecoded>;
  /**
   * Decodes an xz-compressed tar archive, writes the plain tar to `output` from offset 0 and indexes it while
   * decoding.
   * @returns the index, encoded as format/archive-index.ts describes, and the counts
   */
  indexArchive(
    input: NativeInput,
    output: number,
    caps: { readonly bytes: number; readonly entries: number },
  ): Promise<{ readonly index: Buffer; readonly consumed: number; readonly produced: number }>;
  /** An anonymous file in memory (memfd_create(2), close-on-exec). @returns its descriptor */
  memoryFile(name: string): number;
}

interface Loaded {
  readonly addon: Native | undefined;
  /** Why there is no addon. */
  readonly reason: string | undefined;
}

/** The folder that holds package.json: the checkout, or the installed package. */
export const packageRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return folder;
    folder = parent;
  }
  return folder;
})();

function load(): Loaded {
  if (process.env['IKFS_NATIVE'] === 'off')
    return { addon: undefined, reason: 'switched off by IKFS_NATIVE=off' };
  const path = join(packageRoot, 'build', 'Release', 'ikfs.node');
  if (!existsSync(path)) return { addon: undefined, reason: 'it was not built' };
  try {
    return { addon: createRequire(import.meta.url)(path) as Native, reason: undefined };
  } catch (error) {
    return { addon: undefined, reason: error instanceof Error ? error.message : String(error) };
  }
}

const loaded = load();

/** The addon, or undefined where it could not be built or loaded: everything still works, more slowly. */
export const native: Native | undefined = loaded.addon;

/** Why `native` is undefined, in words for the user. */
export const nativeMissing: string | undefined = loaded.reason;

/**
 * A rejection of the addon as an IkfsError with the same code and offset. What the addon does not reject with
 * on purpose, such as a TypeError, becomes what `asIkfsError` makes of it.
 * @param step what was being done, where the caller does not add that itself
 */
export function fromNativeError(thrown: unknown, step?: string): IkfsError {
  if (thrown instanceof Error && 'code' in thrown && 'offset' in thrown) {
    const code = errorCodes.find((known) => known === thrown.code);
    const offset = typeof thrown.offset === 'number' ? thrown.offset : undefined;
    if (code !== undefined)
      return new IkfsError(code, thrown.message, {
        steps: step === undefined ? [] : [step],
        offset,
        cause: thrown,
      });
  }
  return asIkfsError(thrown, step === undefined ? {} : { step });
}
