import { FileSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Decoded, Decoder } from './codec.ts';
import type { SynchronousCodec } from './worker.ts';

/**
 * A decoder written in JavaScript: decodes one stream from the start of `input` in one go and hands the bytes to
 * `write` piece by piece, which may reuse a piece's memory as soon as `write` returns.
 * @throws IkfsError as `Decoder`, and whatever `write` throws
 */
export type SynchronousDecoder = (input: ByteSource, write: (bytes: Uint8Array) => void) => Decoded;

/** Input from which on starting a thread (about 40 ms) costs less than holding up the event loop. */
const workerThreshold = 1024 * 1024;

/**
 * A synchronous decoder as a `Decoder`: long inputs that lie in a file and go to a file are decoded on a thread
 * of their own, everything else right here.
 */
export function offTheLoop(name: SynchronousCodec, decode: SynchronousDecoder): Decoder {
  return async (input, output) => {
    const range = input.fileRange();
    if (range && output instanceof FileSink && input.size > workerThreshold) {
      const { decodeInWorker } = await import('./worker.ts');
      const decoded = await decodeInWorker(name, input.name, range, output);
      input.countRead(decoded.consumed);
      return decoded;
    }
    return decode(input, (bytes) => output.write(bytes));
  };
}
