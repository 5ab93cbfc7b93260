import { IkfsError } from '../src/errors.ts';
import type { OptionName } from './options.ts';

/**
 * The number that an option gives.
 * @param fallback what it is when the option is not given
 * @throws IkfsError `usage` when it is no whole number in the range
 */
export function wholeNumber(
  option: OptionName,
  text: string | undefined,
  fallback: number,
  range: { readonly least: number; readonly most: number },
): number {
  if (text === undefined) return fallback;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= range.least && number <= range.most) return number;
  throw new IkfsError('usage', `--${option} takes a whole number from ${range.least} to ${range.most}`);
}
