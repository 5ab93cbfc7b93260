/** From this length on a call into the engine's memmove beats a loop. */
const worthACall = 48;

/**
 * Copies a match of an LZ77 decoder: `length` bytes that begin `offset` bytes before `out`. Where it overlaps
 * itself, the bytes repeat. The caller has checked the range.
 * @returns the offset behind the copy
 */
export function copyMatch(output: Uint8Array, out: number, offset: number, length: number): number {
  const end = out + length;
  if (length >= worthACall) {
    if (offset >= length) {
      output.copyWithin(out, out - offset, end - offset);
      return end;
    }
    if (offset === 1) {
      output.fill(output[out - 1] as number, out, end);
      return end;
    }
  }
  for (let to = out, from = out - offset; to < end;) output[to++] = output[from++] as number;
  return end;
}
