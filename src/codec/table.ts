import { FileSink } from '../bytes/byte-sink.ts';
import type { ByteSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import type { CodecName, Decoded, Decoder } from './codec.ts';
import { decodingMemory } from './decoding-memory.ts';
import { isBzip2, isGzip, isLz4, isLz4Legacy, isLzop, isXz, isZstd } from './headers.ts';
import { isLzma } from './lzma-header.ts';
import { nativelyOr } from './native-decoder.ts';
import { offTheLoop } from './synchronous.ts';
import { decodingTurns } from './turns.ts';

/** A compression: how it is told from others, and how it is undone. */
export interface Codec {
  readonly name: CodecName;
  /** The bytes at offset 0 that every stream begins with; what to search an image for. */
  readonly magic: Buffer;
  /** Whether bytes begin like a stream: the magic, and what else the header allows to check. */
  readonly matches: (head: Buffer) => boolean;
  readonly decode: Decoder;
}

const hex = (bytes: string): Buffer => Buffer.from(bytes, 'hex');

/** A decoder whose code is loaded when it is needed: with the addon most never are, and each takes memory. */
function later(load: () => Promise<Decoder>): Decoder {
  return async (input, output) => await (await load())(input, output);
}

/** The decoders of all compressions that do without the addon; `decode` prefers those that it was built with. */
export const portableDecoders: Readonly<Record<CodecName, Decoder>> = {
  gzip: later(async () => (await import('./gzip.ts')).decodeGzip),
  xz: later(async () => (await import('./xz.ts')).decodeXzPortably),
  lzma: later(async () => (await import('./lzma.ts')).decodeLzmaPortably),
  zstd: later(async () => (await import('./zstd-node.ts')).decodeZstdPortably),
  'lz4-legacy': later(async () =>
    offTheLoop('lz4-legacy', (await import('./lz4-legacy.ts')).decodeLz4Legacy),
  ),
  lz4: later(async () => offTheLoop('lz4', (await import('./lz4-frame.ts')).decodeLz4)),
  lzo: later(async () => offTheLoop('lzo', (await import('./lzop.ts')).decodeLzop)),
  bzip2: later(async () => offTheLoop('bzip2', (await import('./bzip2.ts')).decodeBzip2)),
};

/** How each is recognised; those with the surest headers first. */
const recognised: readonly Omit<Codec, 'decode'>[] = [
  { name: 'xz', magic: hex('fd377a585a00'), matches: isXz },
  { name: 'lzo', magic: hex('894c5a4f000d0a1a0a'), matches: isLzop },
  { name: 'bzip2', magic: hex('425a68'), matches: isBzip2 },
  { name: 'zstd', magic: hex('28b52ffd'), matches: isZstd },
  { name: 'lz4-legacy', magic: hex('02214c18'), matches: isLz4Legacy },
  { name: 'lz4', magic: hex('04224d18'), matches: isLz4 },
  { name: 'gzip', magic: hex('1f8b08'), matches: isGzip },
  { name: 'lzma', magic: hex('5d0000'), matches: isLzma },
];

/** All compressions, in the order in which they are looked for. */
export const codecs: readonly Codec[] = recognised.map((each) => ({
  ...each,
  decode: nativelyOr(each.name, portableDecoders[each.name]),
}));

/** The bytes of a head that are enough for every codec to know its own. */
export const detectionSize = 16;

/** The compression whose stream begins with these bytes, of which `detectionSize` are enough. */
export function detectCodec(head: Buffer): Codec | undefined {
  return codecs.find((codec) => codec.matches(head));
}

/**
 * Decodes the stream of a known compression at the start of `input`.
 * @throws IkfsError as `Decoder`, naming the input and the compression
 */
export async function decode(name: CodecName, input: ByteSource, output: ByteSink): Promise<Decoded> {
  try {
    const codec = codecs.find((each) => each.name === name);
    if (codec === undefined) throw new IkfsError('unsupported', `no codec is called ${name}`);
    const decoded = (): Promise<Decoded> => codec.decode(input, output);
    return await decodingTurns.take(decodingMemory(name, input), () =>
      output instanceof FileSink ? output.filledBy(decoded) : decoded(),
    );
  } catch (error) {
    throw asIkfsError(error, { path: input.name, step: name });
  }
}
