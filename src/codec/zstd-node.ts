import * as zlib from 'node:zlib';
import type { Transform } from 'node:stream';
import { IkfsError } from '../errors.ts';
import type { Decoder } from './codec.ts';
import { pump } from './stream-pump.ts';
import { offTheLoop } from './synchronous.ts';
import { decodeZstd } from './zstd.ts';
import { zstdFrameLength } from './zstd-frame.ts';

/** Node's own zstd stream, from 22.15 and 23.8 on. */
const { createZstdDecompress } = zlib as typeof zlib & {
  readonly createZstdDecompress?: (options: { readonly chunkSize: number }) => Transform;
};

const chunk = 256 * 1024;

const decodeInJavaScript = offTheLoop('zstd', decodeZstd);

/** Decodes the first zstd frame without the addon: with Node where it can, else in JavaScript. */
export const decodeZstdPortably: Decoder = async (input, output) => {
  if (createZstdDecompress === undefined) return decodeInJavaScript(input, output);
  // Node takes what follows a frame for another, so it is given exactly one.
  const consumed = zstdFrameLength(input);
  let produced = 0;
  try {
    await pump(
      createZstdDecompress({ chunkSize: chunk }),
      input,
      { start: 0, end: consumed, chunk },
      (bytes) => {
        output.write(bytes);
        produced += bytes.length;
      },
    );
  } catch (error) {
    throw describeZstdError(error);
  }
  return { consumed, produced };
};

/** Node's zstd error as an IkfsError; all others, which come from the source or the sink, as they are. */
function describeZstdError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('ZSTD_')) return error;
  return new IkfsError('corrupt', `the zstd frame is damaged (${error.message})`, { cause: error });
}
