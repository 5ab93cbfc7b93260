import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FileSink } from '../bytes/byte-sink.ts';
import type { FileRange } from '../bytes/byte-source.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import type { ErrorCode, ErrorContext } from '../errors.ts';
import type { CodecName, Decoded } from './codec.ts';

/** The codecs with a decoder in JavaScript that holds up the thread it runs on. */
export type SynchronousCodec = Extract<CodecName, 'zstd' | 'lz4-legacy' | 'lz4' | 'lzo' | 'bzip2'>;

/**
 * What the thread is given. Descriptors belong to the process, so the thread reads and writes the caller's
 * files itself and no data passes between the threads.
 */
export interface WorkerOrder {
  readonly codec: SynchronousCodec;
  /** What messages call the input. */
  readonly name: string;
  readonly input: FileRange;
  /** The descriptor to write to, the offset of the first byte there, and the most bytes the file may have. */
  readonly output: { readonly descriptor: number; readonly written: number; readonly cap: number };
}

/** What the thread answers: the counts, or an IkfsError taken apart (a copy between threads loses its class). */
export type WorkerReply =
  | { readonly decoded: Decoded }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } & Omit<ErrorContext, 'cause'> };

/** The thread's own file: compiled code lies beside compiled code, source beside source. */
const entry = new URL(`./worker-main${extname(import.meta.url)}`, import.meta.url);

/**
 * Decodes on a thread of its own, which ends when it is done. Both files must stay open until the promise
 * settles.
 * @param range where the input lies; all of it may be read
 */
export async function decodeInWorker(
  codec: SynchronousCodec,
  name: string,
  range: FileRange,
  output: FileSink,
): Promise<Decoded> {
  const { descriptor, written, cap } = output;
  const reply = await run({ codec, name, input: range, output: { descriptor, written, cap } });
  if ('error' in reply) throw new IkfsError(reply.error.code, reply.error.message, reply.error);
  output.advance(reply.decoded.produced);
  return reply.decoded;
}

function run(order: WorkerOrder): Promise<WorkerReply> {
  return new Promise((resolve, reject) => {
    // Options that the process was started with (a debugger, a loader) are not for this thread.
    const worker = new Worker(entry, { workerData: order, execArgv: [] });
    worker.once('message', (reply: WorkerReply) => resolve(reply));
    worker.once('error', (error) => reject(asIkfsError(error)));
    worker.once('exit', (code) => reject(new IkfsError('io', `the decoding thread ended early (${code})`)));
  });
}
