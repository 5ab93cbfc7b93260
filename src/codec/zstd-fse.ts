import { bitsBefore } from './zstd-bits.ts';
import type { BitView } from './zstd-bits.ts';

/*
 * Finite state entropy tables (RFC 8878 section 4.1). A state is an index into the table; its entry gives the
 * symbol it stands for and how to come to the next state: baseline plus so many bits of the stream.
 */
export interface FseTable {
  /** Log2 of the number of states. */
  readonly accuracy: number;
  /** By state: the symbol in bits 24-31, the number of bits to read in 16-23, the baseline in 0-15. */
  readonly states: Uint32Array;
}

/** The table in which everything stands for one symbol and no bits are read. */
export function singleSymbolTable(symbol: number): FseTable {
  return { accuracy: 0, states: Uint32Array.of((symbol << 24) >>> 0) };
}

/**
 * Builds a table from the symbols' probabilities; -1 stands for "less than one" (section 4.1.1).
 * @param counts by symbol; their sum, with 1 for each -1, is 2^accuracy
 */
export function buildFseTable(counts: ArrayLike<number>, accuracy: number): FseTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let top = size;
  for (let symbol = 0; symbol < counts.length; symbol += 1) {
    const count = counts[symbol] as number;
    next[symbol] = count === -1 ? 1 : count;
    if (count === -1) symbols[--top] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  for (let symbol = 0; symbol < counts.length; symbol += 1) {
    for (let left = counts[symbol] as number; left > 0; left -= 1) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position >= top);
    }
  }
  const states = new Uint32Array(size);
  for (let state = 0; state < size; state += 1) {
    const symbol = symbols[state] as number;
    const place = next[symbol] as number;
    next[symbol] = place + 1;
    const bits = accuracy - (31 - Math.clz32(place));
    states[state] = ((symbol << 24) | (bits << 16) | ((place << bits) - size)) >>> 0;
  }
  return { accuracy, states };
}

/**
 * Reads a table's description, which is read forwards from a byte's lowest bit.
 * @param start offset in `view` of the first byte
 * @param end offset behind the last byte that may belong to it
 * @returns the table and the offset behind the description; undefined when it is damaged
 */
export function readFseTable(
  view: BitView,
  start: number,
  end: number,
  largestAccuracy: number,
  largestSymbol: number,
): { readonly table: FseTable; readonly end: number } | undefined {
  let position = start * 8;
  const read = (count: number): number => {
    position += count;
    return bitsBefore(view, position, count);
  };
  const accuracy = read(4) + 5;
  if (accuracy > largestAccuracy) return undefined;
  const counts: number[] = [];
  let left = 1 << accuracy;
  while (left > 0) {
    if (counts.length > largestSymbol || position > end * 8) return undefined;
    // A value is at most left + 1; the smallest of the values that need the last bit do without it.
    const bits = 32 - Math.clz32(left + 1);
    const short = (1 << bits) - 1 - (left + 1);
    const low = read(bits - 1);
    let value = low;
    if (low >= short) {
      if (read(1) === 1) value = low + (1 << (bits - 1)) - short;
    }
    const count = value - 1;
    left -= count === -1 ? 1 : count;
    counts.push(count);
    if (count !== 0) continue;
    // A probability of 0 is followed by how many more there are, in digits of two bits; 3 means go on.
    for (let repeat = 3; repeat === 3;) {
      repeat = read(2);
      if (counts.length + repeat > largestSymbol + 1 || position > end * 8) return undefined;
      for (let more = 0; more < repeat; more += 1) counts.push(0);
    }
  }
  const after = Math.ceil(position / 8);
  return left === 0 && after <= end ? { table: buildFseTable(counts, accuracy), end: after } : undefined;
}
