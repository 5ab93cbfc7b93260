import { buildFseTable } from './zstd-fse.ts';
import type { FseTable } from './zstd-fse.ts';

/** One of the three values of a sequence: how codes become numbers, and how codes are written. */
export interface SequenceCode {
  /** What messages call the values. */
  readonly name: string;
  /** The largest code. */
  readonly largest: number;
  readonly largestAccuracy: number;
  /** The table that is used where a block brings none. */
  readonly predefined: FseTable;
  /** By code: how many bits of the stream are added. */
  readonly bits: Uint8Array;
  /** By code: what they are added to. */
  readonly baselines: Uint32Array;
}

const repeat = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

/** Codes follow on each other without gaps, so the numbers of bits give the baselines. */
function sequenceCode(
  name: string,
  largestAccuracy: number,
  accuracy: number,
  probabilities: readonly number[],
  bits: readonly number[],
  lowest: number,
): SequenceCode {
  const baselines = new Uint32Array(bits.length);
  let next = lowest;
  bits.forEach((count, code) => {
    baselines[code] = next;
    next += 2 ** count;
  });
  const predefined = buildFseTable(probabilities, accuracy);
  return {
    name,
    largest: bits.length - 1,
    largestAccuracy,
    predefined,
    bits: Uint8Array.from(bits),
    baselines,
  };
}

/** RFC 8878 sections 3.1.1.3.2.1.1 (codes) and 3.1.1.3.2.2.1 (predefined probabilities). */
export const literalLengths = sequenceCode(
  'literal lengths',
  9,
  6,
  [4, 3, ...repeat(2, 11), 1, 1, 1, ...repeat(2, 9), 3, 2, ...repeat(1, 5), ...repeat(-1, 4)],
  [...repeat(0, 16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  0,
);

/** RFC 8878, as above; matches are of three bytes or more. */
export const matchLengths = sequenceCode(
  'match lengths',
  9,
  6,
  [1, 4, 3, ...repeat(2, 6), ...repeat(1, 37), ...repeat(-1, 7)],
  [...repeat(0, 32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  3,
);

/** RFC 8878, as above; an offset's code is itself the number of its bits. */
export const offsets = sequenceCode(
  'offsets',
  8,
  5,
  [...repeat(1, 6), 2, 2, 2, ...repeat(1, 15), ...repeat(-1, 5)],
  Array.from({ length: 32 }, (_, code) => code),
  1,
);
