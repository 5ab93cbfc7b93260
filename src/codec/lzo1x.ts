import { copyMatch } from './match.ts';

/*
 * LZO1X as the kernel's decoder understands it (Documentation/staging/lzo.rst, version 0; the lzop tool does
 * not write version 1). Instructions copy a match from what has been decoded and then up to three literals;
 * what an instruction below 16 means depends on how many literals the one before copied.
 */

/** Literals copied by the last instruction: 0 to 3, or this for a long run of them. */
const longRun = 4;

/**
 * Decodes one block into `output`.
 * @param fail called with what is wrong and where in the block
 * @returns how many bytes of `output` were filled
 */
export function decodeLzo1x(
  block: Uint8Array,
  output: Uint8Array,
  fail: (message: string, at: number) => never,
): number {
  const end = block.length;
  let at = 0;
  let out = 0;
  let state = 0;

  const nextByte = (): number => {
    if (at >= end) fail('lzo instruction leaves the block', at);
    return block[at++] as number;
  };
  /** A length in the instruction's low bits; 0 means that it goes on in bytes, of which each zero counts 255. */
  const lengthFrom = (bits: number, mask: number): number => {
    if (bits !== 0) return bits;
    let length = mask;
    let byte = nextByte();
    while (byte === 0) {
      length += 255;
      byte = nextByte();
    }
    return length + byte;
  };
  const copyLiterals = (count: number): void => {
    if (count > end - at) fail('lzo literals leave the block', at);
    if (count > output.length - out) fail('lzo block expands to more than its size', at);
    for (const stop = at + count; at < stop;) output[out++] = block[at++] as number;
  };

  const first = block[0];
  if (first !== undefined && first > 17) {
    at = 1;
    copyLiterals(first - 17);
    state = Math.min(first - 17, longRun);
  }
  for (;;) {
    const instruction = nextByte();
    let length: number;
    let distance: number;
    let literals = instruction & 3;
    if (instruction >= 64) {
      length = (instruction >> 5) + 1;
      distance = (nextByte() << 3) + ((instruction >> 2) & 7) + 1;
    } else if (instruction >= 16) {
      const near = instruction >= 32;
      length = 2 + (near ? lengthFrom(instruction & 31, 31) : lengthFrom(instruction & 7, 7));
      const operand = nextByte() | (nextByte() << 8);
      literals = operand & 3;
      distance = near ? (operand >> 2) + 1 : 16384 + ((instruction & 8) << 11) + (operand >> 2);
      if (!near && distance === 16384) {
        if (at !== end) fail('lzo block goes on behind its end mark', at);
        return out;
      }
    } else if (state === 0) {
      copyLiterals(3 + lengthFrom(instruction, 15));
      state = longRun;
      continue;
    } else {
      length = state === longRun ? 3 : 2;
      distance = (nextByte() << 2) + (instruction >> 2) + (state === longRun ? 2049 : 1);
    }
    if (distance > out) fail('lzo distance is outside the decoded bytes', at);
    if (length > output.length - out) fail('lzo block expands to more than its size', at);
    out = copyMatch(output, out, distance, length);
    copyLiterals(literals);
    state = literals;
  }
}
