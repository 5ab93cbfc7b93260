import { native } from '../native.ts';
import type { Decoder } from './codec.ts';
import { decodeWithLzmaNative, dictionaryCap } from './lzma-native-stream.ts';
import { decodeNatively } from './native-decoder.ts';
import { xzStreamLength } from './xz-stream.ts';

/** Decodes one .xz stream and verifies its checks; with the addon where it can, else with lzma-native. */
export const decodeXz: Decoder = (input, output) =>
  native?.decoders.includes('xz')
    ? decodeNatively(native, 'xz', input, output)
    : decodeXzPortably(input, output);

/** The same with lzma-native, which must be fed exactly one stream: it takes what follows for another. */
export const decodeXzPortably: Decoder = async (input, output) => {
  const consumed = xzStreamLength(input, dictionaryCap);
  const { produced } = await decodeWithLzmaNative('streamDecoder', input, consumed, output);
  return { consumed, produced };
};
