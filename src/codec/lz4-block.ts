import { copyMatch } from './match.ts';

/** The rules for a block's end: its last bytes are literals, and its last match begins so far from its end. */
const lastLiterals = 5;
const lastMatch = 12;

/**
 * Decodes one block of LZ4 (its doc/lz4_Block_format.md): sequences of a token, literals, a u16 offset
 * (little-endian) and a match; the last sequence has literals only. Blocks that break the rules for their end, which
 * liblz4 and the kernel accept or refuse depending on version and place, are refused.
 * @param output filled from `start` to its end at the most; what lies before `start` matches may refer to
 * @param fail called with what is wrong and where in the block
 * @returns the offset in `output` behind the block's bytes
 */
export function decodeLz4Block(
  block: Uint8Array,
  output: Uint8Array,
  start: number,
  fail: (message: string, at: number) => never,
): number {
  const end = block.length;
  let at = 0;
  let out = start;
  let matchStart = -1;
  for (;;) {
    if (at >= end) fail('lz4 block has no last literals', at);
    const token = block[at++] as number;

    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (at >= end) fail('lz4 literal length leaves the block', at);
        more = block[at++] as number;
        literals += more;
      }
    }
    if (literals > end - at) fail('lz4 literals leave the block', at);
    if (literals > output.length - out) fail('lz4 block expands to more than it may', at);
    if (literals > 32) {
      output.set(block.subarray(at, at + literals), out);
      at += literals;
      out += literals;
    } else {
      for (const stop = at + literals; at < stop;) output[out++] = block[at++] as number;
    }
    if (at === end) {
      if (matchStart >= 0 && (literals < lastLiterals || out - matchStart < lastMatch)) {
        fail('lz4 block ends too soon behind a match', at);
      }
      return out;
    }

    if (end - at < 2) fail('lz4 offset leaves the block', at);
    const offset = (block[at] as number) | ((block[at + 1] as number) << 8);
    if (offset === 0 || offset > out) fail('lz4 offset is outside the decoded bytes', at);
    at += 2;

    let match = (token & 15) + 4;
    if (match === 19) {
      let more = 255;
      while (more === 255) {
        if (at >= end) fail('lz4 match length leaves the block', at);
        more = block[at++] as number;
        match += more;
      }
    }
    if (match > output.length - out) fail('lz4 block expands to more than it may', at);
    matchStart = out;
    out = copyMatch(output, out, offset, match);
  }
}
