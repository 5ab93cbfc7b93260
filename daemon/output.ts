import { asIkfsError } from '../src/errors.ts';

/**
 * Writes to standard output and waits until it has been taken, so that a slow reader slows the writer.
 * @throws IkfsError `io` when the reader is gone (isClosedPipe), `no-space`
 */
export async function write(data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (error) reject(asIkfsError(error, { path: 'standard output' }));
      else resolve();
    });
  });
}

/** Whether writing failed because nobody reads any more, as with `ikfs cat ... | head`. */
export function isClosedPipe(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'EPIPE';
}
