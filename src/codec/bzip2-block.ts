import { IkfsError } from '../errors.ts';
import type { Bzip2Bits } from './bzip2-bits.ts';

/** Symbols that one selected code is used for before the next selector. */
const groupSize = 50;
const longestCode = 20;
const runA = 0;
const runB = 1;

/** A block before the Burrows-Wheeler transform is undone. */
export interface TransformedBlock {
  /** How many bytes it has. */
  readonly length: number;
  /** The row of the sorted matrix that is the block itself. */
  readonly origin: number;
}

/**
 * Reads one block behind its magic and checksum: Huffman codes, runs of zeros and the move-to-front list are
 * undone.
 * @param block takes the transformed bytes, one an element; its length is the most there may be
 */
export function readBlock(bits: Bzip2Bits, block: Uint32Array): TransformedBlock {
  const start = bits.position;
  const fail = (message: string): never => {
    throw new IkfsError('corrupt', message, { offset: bits.position });
  };
  if (bits.read(1)) {
    throw new IkfsError('unsupported', 'bzip2 block is randomised (bzip2 before 0.9.5)', { offset: start });
  }
  const origin = bits.read(24);
  const recent = readUsedBytes(bits);
  if (recent.length === 0) fail('bzip2 block uses no byte values');
  const endOfBlock = recent.length + 1;
  const codeCount = bits.read(3);
  if (codeCount < 2 || codeCount > 6) fail('bzip2 block has an impossible number of codes');
  const selectors = readSelectors(bits, codeCount, fail);
  const codes = Array.from({ length: codeCount }, () => readCode(bits, endOfBlock + 1, fail));

  let length = 0;
  let run = 0;
  let runUnit = 1;
  for (const selector of selectors) {
    const code = codes[selector] as HuffmanCode;
    for (let left = groupSize; left > 0; left -= 1) {
      const symbol = readSymbol(bits, code, fail);
      if (symbol <= runB) {
        // Run lengths are written in base 2 with the digits 1 and 2, lowest first.
        run += symbol === runA ? runUnit : 2 * runUnit;
        runUnit *= 2;
        if (run > block.length) fail('bzip2 run is longer than a block');
        continue;
      }
      if (run > 0) {
        if (run > block.length - length) fail('bzip2 block is too long');
        block.fill(recent[0] as number, length, length + run);
        length += run;
        run = 0;
        runUnit = 1;
      }
      if (symbol === endOfBlock) {
        if (origin >= length) fail('bzip2 block begins outside itself');
        return { length, origin };
      }
      if (length === block.length) fail('bzip2 block is too long');
      const byte = recent[symbol - 1] as number;
      recent.copyWithin(1, 0, symbol - 1);
      recent[0] = byte;
      block[length++] = byte;
    }
  }
  return fail('bzip2 block has no end');
}

/** The byte values that occur, in order: a bit for each 16 values, then 16 bits for each of those. */
function readUsedBytes(bits: Bzip2Bits): Uint8Array {
  const used: number[] = [];
  const groups = bits.read(16);
  for (let group = 0; group < 16; group += 1) {
    if (!(groups & (0x8000 >> group))) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member += 1) {
      if (members & (0x8000 >> member)) used.push(group * 16 + member);
    }
  }
  return Uint8Array.from(used);
}

/** Which code each group of symbols uses: positions in a move-to-front list, in unary. */
function readSelectors(bits: Bzip2Bits, codeCount: number, fail: (message: string) => never): Uint8Array {
  const selectors = new Uint8Array(bits.read(15));
  if (selectors.length === 0) fail('bzip2 block has no selectors');
  const recent = Uint8Array.from({ length: codeCount }, (_, index) => index);
  for (let index = 0; index < selectors.length; index += 1) {
    let position = 0;
    while (bits.read(1)) {
      position += 1;
      if (position >= codeCount) fail('bzip2 selector names a code that is not there');
    }
    const selector = recent[position] as number;
    recent.copyWithin(1, 0, position);
    recent[0] = selector;
    selectors[index] = selector;
  }
  return selectors;
}

/** A canonical Huffman code. */
interface HuffmanCode {
  readonly shortest: number;
  /** By length: the first value, as a number of `longestCode` bits, that only a longer code can have. */
  readonly limits: Int32Array;
  /** By length: what to subtract from a code to get its place in `symbols`. */
  readonly bases: Int32Array;
  /** All symbols, those with the shortest codes first. */
  readonly symbols: Uint16Array;
}

/** Reads the lengths of one code, as steps up and down from one symbol to the next, and builds its tables. */
function readCode(bits: Bzip2Bits, symbolCount: number, fail: (message: string) => never): HuffmanCode {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol += 1) {
    for (;;) {
      if (length < 1 || length > longestCode) fail('bzip2 code is too long');
      if (!bits.read(1)) break;
      length += bits.read(1) ? -1 : 1;
    }
    lengths[symbol] = length;
  }

  const limits = new Int32Array(longestCode + 1);
  const bases = new Int32Array(longestCode + 1);
  const symbols = new Uint16Array(symbolCount);
  let shortest = 0;
  let placed = 0;
  let code = 0;
  for (let bitLength = 1; bitLength <= longestCode; bitLength += 1) {
    bases[bitLength] = code - placed;
    for (let symbol = 0; symbol < symbolCount; symbol += 1) {
      if (lengths[symbol] !== bitLength) continue;
      if (shortest === 0) shortest = bitLength;
      symbols[placed++] = symbol;
      code += 1;
    }
    if (code > 1 << bitLength) fail('bzip2 code is overfull');
    limits[bitLength] = code << (longestCode - bitLength);
    code <<= 1;
  }
  return { shortest, limits, bases, symbols };
}

function readSymbol(bits: Bzip2Bits, code: HuffmanCode, fail: (message: string) => never): number {
  const ahead = bits.peek(longestCode);
  let length = code.shortest;
  while (ahead >= (code.limits[length] as number)) {
    length += 1;
    if (length > longestCode) fail('bzip2 code is not in use');
  }
  bits.take(length);
  return code.symbols[(ahead >>> (longestCode - length)) - (code.bases[length] as number)] as number;
}
