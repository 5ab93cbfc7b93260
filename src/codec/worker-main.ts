/* The thread that worker.ts starts: carries out one order, answers, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { FileSink } from '../bytes/byte-sink.ts';
import { WindowSource } from '../bytes/byte-source.ts';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import { asIkfsError } from '../errors.ts';
import { decodeBzip2 } from './bzip2.ts';
import { decodeLz4 } from './lz4-frame.ts';
import { decodeLz4Legacy } from './lz4-legacy.ts';
import { decodeLzop } from './lzop.ts';
import type { SynchronousDecoder } from './synchronous.ts';
import type { SynchronousCodec, WorkerOrder, WorkerReply } from './worker.ts';
import { decodeZstd } from './zstd.ts';

const decoders: Readonly<Record<SynchronousCodec, SynchronousDecoder>> = {
  zstd: decodeZstd,
  'lz4-legacy': decodeLz4Legacy,
  lz4: decodeLz4,
  lzo: decodeLzop,
  bzip2: decodeBzip2,
};

function carryOut({ codec, name, input, output }: WorkerOrder): WorkerReply {
  try {
    const file = new DescriptorSource(name, input.descriptor, input.offset + input.length);
    const sink = new FileSink(output.descriptor, output.cap);
    sink.advance(output.written);
    const source = new WindowSource(file, input.offset, input.length);
    return { decoded: decoders[codec](source, (bytes) => sink.write(bytes)) };
  } catch (error) {
    const { code, message, path, steps, offset, advice } = asIkfsError(error);
    return { error: { code, message, path, steps, offset, advice } };
  }
}

parentPort?.postMessage(carryOut(workerData as WorkerOrder));
