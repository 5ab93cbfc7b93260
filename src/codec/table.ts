import type { ByteSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { decodeBzip2, isBzip2 } from './bzip2.ts';
import type { CodecName, Decoded, Decoder } from './codec.ts';
import { decodeGzip, isGzip } from './gzip.ts';
import { decodeLz4, isLz4 } from './lz4-frame.ts';
import { decodeLz4Legacy, isLz4Legacy } from './lz4-legacy.ts';
import { isLzma } from './lzma-header.ts';
import { decodeLzmaPortably } from './lzma.ts';
import { decodeLzop, isLzop } from './lzop.ts';
import { nativelyOr } from './native-decoder.ts';
import { offTheLoop } from './synchronous.ts';
import { isXz } from './xz-stream.ts';
import { decodeXzPortably } from './xz.ts';
import { isZstd } from './zstd-frame.ts';
import { decodeZstdPortably } from './zstd-node.ts';

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

/** The decoders of all compressions that do without the addon; `decode` prefers those that it was built with. */
export const portableDecoders: Readonly<Record<CodecName, Decoder>> = {
  gzip: decodeGzip,
  xz: decodeXzPortably,
  lzma: decodeLzmaPortably,
  zstd: decodeZstdPortably,
  'lz4-legacy': offTheLoop('lz4-legacy', decodeLz4Legacy),
  lz4: offTheLoop('lz4', decodeLz4),
  lzo: offTheLoop('lzo', decodeLzop),
  bzip2: offTheLoop('bzip2', decodeBzip2),
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
    return await codec.decode(input, output);
  } catch (error) {
    throw asIkfsError(error, { path: input.name, step: name });
  }
}
