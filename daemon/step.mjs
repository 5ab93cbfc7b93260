const terminal = process.stderr.isTTY === true;

/**
 * Does one piece of work with a line about it on standard error: the title, what it took, and the remark that
 * the work returns, if any. On a terminal the line counts the seconds meanwhile. What the work throws is passed on.
 * @param {string} title
 * @param {() => Promise<string | undefined>} work
 * @param {number} patience how long the work may take, in milliseconds, without there being a line; a remark or
 *   a failure always has one
 * @returns {Promise<boolean>} whether there was a line
 */
export async function step(title, work, patience = 0) {
  const started = performance.now();
  const seconds = (digits) => `${((performance.now() - started) / 1000).toFixed(digits)} s`;
  let shown = false;
  let ticking;
  const show = (rest) => {
    // Where lines can not be rewritten, the title is not written twice.
    process.stderr.write(terminal ? `\r\x1b[K${title} ...${rest}` : `${shown ? '' : `${title} ...`}${rest}`);
    shown = true;
  };
  const begin = () => {
    show('');
    if (terminal) ticking = setInterval(() => show(` ${seconds(0)}`), 1000);
  };
  const waiting = patience > 0 ? setTimeout(begin, patience) : begin();
  try {
    const remark = await work();
    if (remark !== undefined) show(` ${seconds(1)}, ${remark}\n`);
    else if (shown) show(` ${seconds(1)}\n`);
  } catch (error) {
    show(' failed\n');
    throw error;
  } finally {
    clearTimeout(waiting);
    clearInterval(ticking);
  }
  return shown;
}
