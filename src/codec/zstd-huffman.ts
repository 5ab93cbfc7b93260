import { bitsBefore, streamTop } from './zstd-bits.ts';
import type { BitView } from './zstd-bits.ts';
import { readFseTable } from './zstd-fse.ts';

/** Longest code of literals (RFC 8878 section 4.2.1). */
const longestCode = 11;

/** A Huffman code as a table over the next `bits` bits: the symbol in bits 0-7, its length in 8-15. */
export interface HuffmanTable {
  readonly bits: number;
  readonly entries: Uint16Array;
}

/** What a damaged stream is reported with; it does not return. */
export type Fail = (message: string) => never;

/**
 * Reads the description of a Huffman code (section 4.2.1): weights, plain or FSE-coded.
 * @param start offset of the description in `bytes`, which `view` shows
 * @param end offset behind the last byte that may belong to it
 * @returns the table and the offset behind the description
 */
export function readHuffmanTable(
  bytes: Uint8Array,
  view: BitView,
  start: number,
  end: number,
  fail: Fail,
): { readonly table: HuffmanTable; readonly end: number } {
  const header = bytes[start] as number;
  const dataStart = start + 1;
  const plain = header >= 128;
  const dataEnd = dataStart + (plain ? (header - 126) >> 1 : header);
  if (dataEnd > end) fail('zstd Huffman table leaves its block');
  const weights = plain
    ? Array.from({ length: header - 127 }, (_, index) => {
        const pair = bytes[dataStart + (index >> 1)] as number;
        return index % 2 === 0 ? pair >> 4 : pair & 0x0f;
      })
    : readCodedWeights(bytes, view, dataStart, dataEnd, fail);
  return { table: buildTable(weights, fail), end: dataEnd };
}

/** Section 4.2.1.2: two states take turns at one stream until it is used up. */
function readCodedWeights(
  bytes: Uint8Array,
  view: BitView,
  start: number,
  end: number,
  fail: Fail,
): number[] {
  const description = readFseTable(view, start, end, 6, longestCode + 1);
  if (description === undefined) return fail('zstd Huffman weights have a damaged table');
  const { table } = description;
  const bottom = description.end * 8;
  let position = streamTop(bytes, end) ?? -1;
  const take = (count: number): number => {
    const value = bitsBefore(view, position, count);
    position -= count;
    return value;
  };
  if (position < bottom + 2 * table.accuracy) fail('zstd Huffman weights are cut off');
  const states = [take(table.accuracy), take(table.accuracy)] as [number, number];
  const weights: number[] = [];
  for (let turn = 0; weights.length < 255; turn = 1 - turn) {
    const entry = table.states[states[turn] as number] as number;
    weights.push(entry >>> 24);
    const count = (entry >>> 16) & 0xff;
    if (position - count < bottom) {
      weights.push((table.states[states[1 - turn] as number] as number) >>> 24);
      break;
    }
    states[turn] = (entry & 0xffff) + take(count);
  }
  return weights;
}

/**
 * Section 4.2.1.3: a weight w above 0 stands for 2^(w-1) of the table's entries, and the last symbol's weight,
 * which is not stored, fills the table up.
 */
function buildTable(weights: number[], fail: Fail): HuffmanTable {
  let sum = 0;
  for (const weight of weights) sum += weight === 0 ? 0 : 2 ** (weight - 1);
  if (sum === 0) fail('zstd Huffman code has no symbols');
  const bits = Math.floor(Math.log2(sum)) + 1;
  const missing = 2 ** bits - sum;
  const lastWeight = Math.log2(missing) + 1;
  if (bits > longestCode || !Number.isInteger(lastWeight) || weights.length > 255) {
    fail('zstd Huffman code is impossible');
  }
  const all = [...weights, lastWeight];
  const entries = new Uint16Array(1 << bits);
  let next = 0;
  for (let weight = 1; weight <= bits; weight += 1) {
    const span = 1 << (weight - 1);
    all.forEach((each, symbol) => {
      if (each !== weight) return;
      entries.fill(symbol | ((bits + 1 - weight) << 8), next, next + span);
      next += span;
    });
  }
  return { bits, entries };
}

/**
 * Decodes one Huffman stream (section 4.2.2), which must be used up exactly.
 * @param start offset in `bytes` of its first byte; as with all BitViews there is padding before it
 * @param end offset behind its last byte
 * @param output where the symbols go, from `from` up to `to`
 */
export function decodeHuffmanStream(
  bytes: Uint8Array,
  view: BitView,
  start: number,
  end: number,
  table: HuffmanTable,
  output: Uint8Array,
  from: number,
  to: number,
  fail: Fail,
): void {
  const { bits, entries } = table;
  const mask = (1 << bits) - 1;
  const bottom = start * 8;
  let position = end > start ? (streamTop(bytes, end) ?? -1) : -1;
  if (position < bottom) fail('zstd literals have no stream');
  let out = from;
  // Two codes are at most 22 bits, which one read of 32 always holds.
  for (const stop = to - 1; out < stop && position >= bottom; out += 2) {
    const first = position - 25;
    const window = view.getUint32(first >>> 3, true) >>> (first & 7);
    const entry = entries[(window >>> (25 - bits)) & mask] as number;
    const used = entry >>> 8;
    const second = entries[(window >>> (25 - bits - used)) & mask] as number;
    output[out] = entry;
    output[out + 1] = second;
    position -= used + (second >>> 8);
  }
  if (out < to && position >= bottom) {
    const entry = entries[bitsBefore(view, position, bits)] as number;
    output[out++] = entry;
    position -= entry >>> 8;
  }
  if (out !== to || position !== bottom) fail('zstd literals do not fill their stream');
}
