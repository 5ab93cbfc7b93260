import type { ByteSink } from '../bytes/byte-sink.ts';
import { FileSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { fromNativeError, native } from '../native.ts';
import type { Native } from '../native.ts';
import type { CodecName, Decoded, Decoder } from './codec.ts';

/** The decoder of the addon where it was built with one for the codec, else the portable one. */
export function nativelyOr(codec: CodecName, portable: Decoder): Decoder {
  const addon = native;
  return addon?.decoders.includes(codec)
    ? (input, output) => decodeNatively(addon, codec, input, output)
    : portable;
}

/**
 * Decodes with the addon, from and to open files where the bytes lie there, else from and to memory.
 * @throws IkfsError as `Decoder`
 */
export async function decodeNatively(
  addon: Native,
  codec: CodecName,
  input: ByteSource,
  output: ByteSink,
): Promise<Decoded> {
  const from = input.fileRange() ?? input.read(0, input.size);
  // The addon writes from a file's start; what is to follow bytes already written goes through memory.
  const file = output instanceof FileSink && output.written === 0 ? output : undefined;
  const left = output.cap - output.written;
  try {
    const { consumed, produced, bytes } = await addon.decode(codec, from, file?.descriptor ?? null, left);
    input.countRead(consumed);
    if (file) file.advance(produced);
    else if (bytes) output.write(bytes);
    return { consumed, produced };
  } catch (error) {
    throw fromNativeError(error);
  }
}
