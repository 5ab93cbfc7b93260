import { caps, defaultLimits, limitNames } from '../src/bytes/limits.ts';
import type { LimitName, Limits } from '../src/bytes/limits.ts';
import { IkfsError } from '../src/errors.ts';

/** What sizes may end with; powers of two. */
const units: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** What the command line calls a cap: `image-bytes`. */
export function optionName(name: LimitName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The usual value of a cap as it can be typed: `512M`, `200000`. */
export function formatLimit(name: LimitName): string {
  const { usual, unit } = caps[name];
  if (unit === 'count') return String(usual);
  const [letter, factor] = Object.entries(units).findLast(([, each]) => usual % each === 0) ?? ['', 1];
  return `${usual / factor}${letter}`;
}

/**
 * All caps, with those that --limit gives: `image-bytes=2G`. The last one of a name counts.
 * @throws IkfsError `usage` for a name that is none, or a value that is no whole number of 1 or more
 */
export function limitsOf(given: readonly string[] = []): Limits {
  const limits: Record<LimitName, number> = { ...defaultLimits };
  for (const text of given) {
    const [typed = '', value] = text.split(/=(.*)/s);
    const name = limitNames.find((each) => optionName(each) === typed);
    if (!name) {
      const advice = `There are ${limitNames.map(optionName).join(', ')}`;
      throw new IkfsError('usage', `unknown limit '${typed}'`, { steps: ['--limit'], advice });
    }
    limits[name] = valueOf(name, value);
  }
  return limits;
}

function valueOf(name: LimitName, text: string | undefined): number {
  const isSize = caps[name].unit === 'bytes';
  const [, digits, letter = ''] = /^(\d+)([KMG]?)$/.exec(text ?? '') ?? [];
  const value = Number(digits) * (units[letter] ?? 1);
  if (value >= 1 && Number.isSafeInteger(value) && (isSize || letter === '')) return value;
  const kind = isSize ? 'a size, such as 512M' : 'a whole number';
  throw new IkfsError('usage', `${optionName(name)} takes ${kind}`, { steps: ['--limit'] });
}
