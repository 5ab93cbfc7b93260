import type { ByteSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Decoded } from './codec.ts';
import { loadLzmaNative } from './lzma-native-package.ts';
import { pump } from './stream-pump.ts';

/** Largest dictionary that is decoded, in bytes: what newer kernels use (scripts/xz_wrap.sh), as in native/. */
export const dictionaryCap = 128 * 1024 * 1024;

/** liblzma's own needs on top of the dictionary are below 1 MiB. */
const memoryLimit = dictionaryCap + 1024 * 1024;

/**
 * Bytes fed at a time. All that they expand to, at most 7,000 times as much, waits in memory before the sink
 * can refuse it.
 */
const chunk = 16 * 1024;

/** Decodes with the package lzma-native, on libuv's thread pool. @param end where in the input to stop feeding */
export async function decodeWithLzmaNative(
  decoder: 'streamDecoder' | 'aloneDecoder',
  input: ByteSource,
  end: number,
  output: ByteSink,
): Promise<Decoded> {
  const { createStream } = await loadLzmaNative('decode', 'Build the addon where liblzma-dev is installed');
  const stream = createStream(decoder, { memlimit: memoryLimit });
  let produced = 0;
  try {
    await pump(stream, input, { start: 0, end, chunk }, (bytes) => {
      output.write(bytes);
      produced += bytes.length;
    });
  } catch (error) {
    throw fromLiblzma(error, stream.totalIn());
  }
  return { consumed: stream.totalIn(), produced };
}

/** What liblzma's results (lzma/base.h) mean here. */
const meanings: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  LZMA_BUF_ERROR: ['truncated', 'the compressed stream is cut off'],
  LZMA_FORMAT_ERROR: ['corrupt', 'not the start of a compressed stream of this format'],
  LZMA_DATA_ERROR: ['corrupt', 'the compressed data is damaged'],
  LZMA_OPTIONS_ERROR: ['unsupported', 'the stream uses filters or options that liblzma does not know'],
  LZMA_UNSUPPORTED_CHECK: ['unsupported', 'the stream has a checksum that liblzma does not know'],
  LZMA_MEMLIMIT_ERROR: ['limit', 'the stream needs a dictionary of more than 128 MiB'],
  LZMA_MEM_ERROR: ['limit', 'out of memory for the decoder'],
};

/** lzma-native's error, whose name is liblzma's result; all others, from source or sink, as they are. */
function fromLiblzma(error: unknown, offset: number): unknown {
  const meaning = error instanceof Error ? meanings[error.name] : undefined;
  return meaning ? new IkfsError(meaning[0], meaning[1], { offset, cause: error }) : error;
}
