import { native } from '../native.ts';
import type { Decoder } from './codec.ts';
import { decodeWithLzmaNative } from './lzma-native-stream.ts';
import { decodeNatively } from './native-decoder.ts';

/** Decodes one .lzma stream, which has no checksum; with the addon where it can, else with lzma-native. */
export const decodeLzma: Decoder = (input, output) =>
  native?.decoders.includes('lzma')
    ? decodeNatively(native, 'lzma', input, output)
    : decodeLzmaPortably(input, output);

/** The same with lzma-native. */
export const decodeLzmaPortably: Decoder = (input, output) =>
  decodeWithLzmaNative('aloneDecoder', input, input.size, output);
