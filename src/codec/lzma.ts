import type { Decoder } from './codec.ts';
import { decodeWithLzmaNative } from './lzma-native-stream.ts';

/** Decodes one .lzma stream, which has no checksum, without the addon: with lzma-native. */
export const decodeLzmaPortably: Decoder = (input, output) =>
  decodeWithLzmaNative('aloneDecoder', input, input.size, output);
