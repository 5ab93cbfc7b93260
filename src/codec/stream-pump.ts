import type { Transform } from 'node:stream';
import type { ByteSource } from '../bytes/byte-source.ts';

/** The part of a source that is fed to a stream, and how. All in bytes. */
export interface Feed {
  readonly start: number;
  readonly end: number;
  /** Bytes fed at a time. */
  readonly chunk: number;
}

/**
 * Feeds a part of a source to a decoding stream whose work is done on another thread, and hands what comes out
 * to `write`. Each chunk is read when the one before has been used up, and into the same memory.
 * @returns once the stream has ended its output, be it before all input was fed; rejects with what the stream,
 *   the source or `write` throws
 */
export function pump(
  stream: Transform,
  input: ByteSource,
  feed: Feed,
  write: (bytes: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let position = feed.start;
    const memory = Buffer.allocUnsafe(Math.min(feed.chunk, Math.max(0, feed.end - feed.start)));
    const guarded = (action: () => void): void => {
      try {
        action();
      } catch (error) {
        stream.destroy(error as Error);
      }
    };
    const next = (): void => {
      if (position >= feed.end) {
        stream.end();
        return;
      }
      const bytes = input.read(position, Math.min(feed.chunk, feed.end - position), memory);
      position += bytes.length;
      stream.write(bytes, (error) => {
        if (!error) guarded(next);
      });
    };
    stream.on('data', (bytes: Buffer) => guarded(() => write(bytes)));
    stream.once('end', () => {
      // A stream that ended before its input did would otherwise keep its memory.
      stream.destroy();
      resolve();
    });
    stream.on('error', reject);
    guarded(next);
  });
}
