import { copyMatch } from './match.ts';
import { bitsBefore, streamTop } from './zstd-bits.ts';
import type { BitView } from './zstd-bits.ts';
import { largestZstdBlock } from './zstd-frame.ts';
import { readFseTable, singleSymbolTable } from './zstd-fse.ts';
import type { FseTable } from './zstd-fse.ts';
import type { Fail } from './zstd-huffman.ts';
import type { ZstdLiterals } from './zstd-literals.ts';
import { literalLengths, matchLengths, offsets } from './zstd-sequence-codes.ts';
import type { SequenceCode } from './zstd-sequence-codes.ts';
import type { ZstdWindow } from './zstd-window.ts';

/** The most bits that one read gives; longer offsets take two. */
const bitsARead = 25;

/** Decodes the sequences of blocks: what one block leaves behind for the next is kept here. */
export class ZstdSequences {
  #literalLengths: FseTable | undefined;
  #offsets: FseTable | undefined;
  #matchLengths: FseTable | undefined;
  /** The last three offsets, newest first (RFC 8878 section 3.1.1.5). */
  readonly #recent: [number, number, number] = [1, 4, 8];

  /**
   * Reads the sequences section of a compressed block (section 3.1.1.3.2) and carries it out: each sequence
   * copies literals and then a match; the literals left over come last.
   * @param start offset of the section in `block`, which `view` shows
   * @param end offset behind the block
   * @param window where the bytes go; it has room for a block
   */
  decode(
    block: Uint8Array,
    view: BitView,
    start: number,
    end: number,
    literals: ZstdLiterals,
    window: ZstdWindow,
    fail: Fail,
  ): void {
    if (start >= end) fail('zstd block has no sequences section');
    const [count, countEnd] = readCount(view, start);
    let used = 0;
    if (count > 0) {
      const bitsStart = this.#readTables(block, view, countEnd, end, fail);
      used = this.#carryOut(block, view, bitsStart, end, count, literals, window, fail);
    } else if (countEnd !== end) {
      fail('zstd block goes on behind its sequences');
    }
    const rest = literals.bytes.subarray(used, literals.length);
    window.bytes.set(rest, window.end);
    window.end += rest.length;
  }

  /** Reads the modes and the tables that they ask for. @returns the offset behind them */
  #readTables(block: Uint8Array, view: BitView, start: number, end: number, fail: Fail): number {
    const modes = block[start] as number;
    if (start >= end || modes & 0x03) fail('zstd sequences have an unknown mode');
    let at = start + 1;
    const next = (mode: number, code: SequenceCode, previous: FseTable | undefined): FseTable => {
      if (mode === 0) return code.predefined;
      if (mode === 3) return previous ?? fail(`zstd ${code.name} use a table that was not given`);
      if (mode === 1) {
        const symbol = block[at] as number;
        at += 1;
        if (at > end || symbol > code.largest) fail(`zstd ${code.name} have an unknown code`);
        return singleSymbolTable(symbol);
      }
      const description = readFseTable(view, at, end, code.largestAccuracy, code.largest);
      if (description === undefined) return fail(`zstd ${code.name} have a damaged table`);
      at = description.end;
      return description.table;
    };
    this.#literalLengths = next(modes >> 6, literalLengths, this.#literalLengths);
    this.#offsets = next((modes >> 4) & 0x03, offsets, this.#offsets);
    this.#matchLengths = next((modes >> 2) & 0x03, matchLengths, this.#matchLengths);
    return at;
  }

  /** @returns how many literals were used */
  #carryOut(
    block: Uint8Array,
    view: BitView,
    start: number,
    end: number,
    count: number,
    literals: ZstdLiterals,
    window: ZstdWindow,
    fail: Fail,
  ): number {
    const literalTable = this.#literalLengths as FseTable;
    const offsetTable = this.#offsets as FseTable;
    const matchTable = this.#matchLengths as FseTable;
    const bottom = start * 8;
    let position = end > start ? (streamTop(block, end) ?? -1) : -1;
    if (position < bottom + literalTable.accuracy + offsetTable.accuracy + matchTable.accuracy) {
      fail('zstd sequences are cut off');
    }
    let literalState = bitsBefore(view, position, literalTable.accuracy);
    position -= literalTable.accuracy;
    let offsetState = bitsBefore(view, position, offsetTable.accuracy);
    position -= offsetTable.accuracy;
    let matchState = bitsBefore(view, position, matchTable.accuracy);
    position -= matchTable.accuracy;

    const output = window.bytes;
    const limit = window.end + largestZstdBlock;
    let out = window.end;
    let used = 0;
    let [first, second, third] = this.#recent;
    for (let left = count; left > 0; left -= 1) {
      const literalEntry = literalTable.states[literalState] as number;
      const offsetEntry = offsetTable.states[offsetState] as number;
      const matchEntry = matchTable.states[matchState] as number;

      let offsetBits = offsetEntry >>> 24;
      let value = 1;
      if (offsetBits > bitsARead) {
        const high = offsetBits - bitsARead;
        value = (value << high) | bitsBefore(view, position, high);
        position -= high;
        offsetBits = bitsARead;
      }
      // Not shifted: a damaged stream may give more than 31 bits.
      value = value * (1 << offsetBits) + bitsBefore(view, position, offsetBits);
      position -= offsetBits;
      const matchBits = matchLengths.bits[matchEntry >>> 24] as number;
      const matchLength =
        (matchLengths.baselines[matchEntry >>> 24] as number) + bitsBefore(view, position, matchBits);
      position -= matchBits;
      const literalBits = literalLengths.bits[literalEntry >>> 24] as number;
      const literalLength =
        (literalLengths.baselines[literalEntry >>> 24] as number) + bitsBefore(view, position, literalBits);
      position -= literalBits;

      if (left > 1) {
        const literalNext = (literalEntry >>> 16) & 0xff;
        literalState = (literalEntry & 0xffff) + bitsBefore(view, position, literalNext);
        position -= literalNext;
        const matchNext = (matchEntry >>> 16) & 0xff;
        matchState = (matchEntry & 0xffff) + bitsBefore(view, position, matchNext);
        position -= matchNext;
        const offsetNext = (offsetEntry >>> 16) & 0xff;
        offsetState = (offsetEntry & 0xffff) + bitsBefore(view, position, offsetNext);
        position -= offsetNext;
      }
      if (position < bottom) fail('zstd sequences are cut off');

      // Values 1 to 3 name a recent offset, one further on where there are no literals.
      let offset: number;
      if (value > 3) {
        offset = value - 3;
        third = second;
        second = first;
      } else {
        const which = literalLength === 0 ? value : value - 1;
        offset = which === 0 ? first : which === 1 ? second : which === 2 ? third : first - 1;
        if (which > 1) third = second;
        if (which > 0) second = first;
      }
      first = offset;

      if (literalLength > literals.length - used) fail('zstd sequence uses more literals than there are');
      if (literalLength + matchLength > limit - out) fail('zstd block expands to more than 128 KiB');
      if (literalLength > 48) {
        output.set(literals.bytes.subarray(used, used + literalLength), out);
        out += literalLength;
        used += literalLength;
      } else {
        const source = literals.bytes;
        for (const stop = used + literalLength; used < stop;) output[out++] = source[used++] as number;
      }
      if (offset < 1 || offset > out) fail('zstd offset is outside the decoded bytes');
      out = copyMatch(output, out, offset, matchLength);
    }
    if (position !== bottom) fail('zstd sequences do not fill their stream');
    if (literals.length - used > limit - out) fail('zstd block expands to more than 128 KiB');
    this.#recent.splice(0, 3, first, second, third);
    window.end = out;
    return used;
  }
}

/** Section 3.1.1.3.2.1: one to three bytes. @returns the number of sequences and the offset behind it */
function readCount(view: BitView, start: number): readonly [number, number] {
  const first = view.getUint8(start);
  if (first < 128) return [first, start + 1];
  if (first < 255) return [((first - 128) << 8) + view.getUint8(start + 1), start + 2];
  return [view.getUint16(start + 1, true) + 0x7f00, start + 3];
}
