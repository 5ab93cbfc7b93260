import type { ByteSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';

/** Every compression that a kernel image, a module or an archive comes in. */
export const codecNames = ['gzip', 'xz', 'lzma', 'zstd', 'lz4-legacy', 'lz4', 'lzo', 'bzip2'] as const;

export type CodecName = (typeof codecNames)[number];

/** What a decode did. Counts are bytes. */
export interface Decoded {
  /** Input up to the end of the compressed stream; what follows (a size trailer, a signature) is left alone. */
  readonly consumed: number;
  readonly produced: number;
}

/**
 * Decodes one stream from the start of `input` to `output`.
 * @throws IkfsError `truncated` or `corrupt` with the offset in the input, `unsupported`, or `limit` from the sink.
 */
export type Decoder = (input: ByteSource, output: ByteSink) => Promise<Decoded>;
