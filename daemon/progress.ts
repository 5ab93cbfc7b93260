/** How long work may take before there is a line about it, and how often the line is renewed. */
const patienceMilliseconds = 1000;
const renewMilliseconds = 100;

/** Whether a progress line stands on the terminal. */
let shown = false;

/** Removes the progress line, for whoever writes to the terminal next. */
export function clearProgress(): void {
  if (shown) process.stderr.write('\r\x1b[K');
  shown = false;
}

/** Tells how far some work has come. */
export type Tell = (detail: string) => void;

/**
 * Does some work. On a terminal there is a line about it on standard error once it has taken more than a
 * second, gone when it is done; elsewhere there is nothing.
 * @param title what is being done: `Looking at modules`
 */
export async function withProgress<T>(title: string, work: (tell: Tell) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return await work(() => undefined);
  const started = performance.now();
  let renewed = started + patienceMilliseconds - renewMilliseconds;
  let detail = '';
  // Called by the work as well: while it computes, no timer fires.
  const renew = (): void => {
    const now = performance.now();
    if (now - renewed < renewMilliseconds) return;
    renewed = now;
    const seconds = Math.floor((now - started) / 1000);
    const line = `${title} ...${detail === '' ? '' : ` ${detail}`} (${seconds} s)`;
    process.stderr.write(`\r\x1b[K${line.slice(0, Math.max(20, process.stderr.columns - 1))}`);
    shown = true;
  };
  const timer = setInterval(renew, renewMilliseconds);
  try {
    return await work((text) => {
      detail = text;
      renew();
    });
  } finally {
    clearInterval(timer);
    clearProgress();
  }
}
