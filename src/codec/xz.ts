import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import type { Decoder } from './codec.ts';
import { decodeWithLzmaNative, dictionaryCap } from './lzma-native-stream.ts';
import { xzStreamLength } from './xz-stream.ts';

/**
 * Decodes one .xz stream and verifies its checks, without the addon: with lzma-native, which must be fed exactly one
 * stream, as it takes what follows for another.
 */
export const decodeXzPortably: Decoder = async (input, output) => {
  const measured = measure(input);
  const end = typeof measured === 'number' ? measured : input.size;
  const { produced } = await decodeWithLzmaNative('streamDecoder', input, end, output);
  if (typeof measured !== 'number') throw measured;
  return { consumed: measured, produced };
};

/** The stream's length, or why it goes beyond the input: liblzma may find damage before it comes to that. */
function measure(input: ByteSource): number | IkfsError {
  try {
    return xzStreamLength(input, dictionaryCap);
  } catch (error) {
    if (error instanceof IkfsError && error.code === 'truncated') return error;
    throw error;
  }
}
