import type { OptionValues } from '../options.ts';
import { wholeNumber } from '../whole-number.ts';

/** What a daemon has at least when it has let go of all it can, in MiB: less is not to be had. */
const least = 16;

/**
 * What --memory-limit says, in bytes; undefined without it.
 * @throws IkfsError `usage`
 */
export function memoryLimit(values: OptionValues): number | undefined {
  const text = values['memory-limit'];
  if (text === undefined) return undefined;
  return wholeNumber('memory-limit', text, least, { least, most: 1024 ** 2 }) * 1024 ** 2;
}
