import { IkfsError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** One place where one of several byte sequences stands. */
export interface Hit {
  /** Which of the needles, as an index. */
  readonly needle: number;
  /** Its first byte in the source. */
  readonly offset: number;
}

/** Bytes read at a time: large enough for few system calls, small against an image of 60 MB. */
const windowSize = 1024 * 1024;

/** Of the bytes of a window every so manieth is counted; a prime, as machine code repeats every four or eight. */
const sampleStep = 61;

/** How often the byte looked for may stand alone in a window before its whole needle is looked for instead. */
const mostMisses = windowSize / 64;

/** Real images have some hundreds of any magic; one made of nothing else would keep its searcher busy for hours. */
const maximumHits = 100_000;

/**
 * Every offset in [from, to) at which one of the needles begins and, before `to`, ends: all needles in one pass
 * over the source, which is read a window at a time. Ascending; at one offset in the order of the needles.
 *
 * Each window is searched for the rarest byte of every needle: memchr(3) is fast as long as it hardly ever finds
 * something, and the first byte of a magic may well be half of all instructions of a machine.
 * @param needles of one byte or more each
 * @throws IkfsError `limit` after 100,000 occurrences of one of them
 */
export function* occurrencesOfAny(
  source: ByteSource,
  needles: readonly Buffer[],
  from = 0,
  to = source.size,
): Generator<Hit, undefined> {
  const longest = Math.max(0, ...needles.map((needle) => needle.length));
  const found = needles.map(() => 0);
  // One for all windows: memory that is new each time has to be cleared by the kernel, and waits to be collected.
  const memory = Buffer.allocUnsafe(Math.min(windowSize + longest, Math.max(0, to - from)));
  for (let start = from; start < to; start += windowSize) {
    // What begins in this window may end in the next.
    const window = source.read(start, Math.min(windowSize + longest - 1, to - start), memory);
    const hits: Hit[] = [];
    const frequency = sampledFrequency(window);
    for (const [index, needle] of needles.entries()) {
      for (const at of placesIn(window, needle, rarestByte(needle, frequency))) {
        if (at >= windowSize) break;
        if (++(found[index] as number) > maximumHits) {
          const message = `has the bytes ${needle.toString('hex')} more than ${maximumHits} times`;
          throw new IkfsError('limit', message, { path: source.name, offset: start + at });
        }
        hits.push({ needle: index, offset: start + at });
      }
    }
    yield* hits.sort((a, b) => a.offset - b.offset || a.needle - b.needle);
  }
}

/** How often each byte value stands in a sample of the window. */
function sampledFrequency(window: Buffer): Uint32Array {
  const frequency = new Uint32Array(256);
  for (let at = 0; at < window.length; at += sampleStep) (frequency[window[at] as number] as number) += 1;
  return frequency;
}

/** Where in a needle the byte is that the window has least of. */
function rarestByte(needle: Buffer, frequency: Uint32Array): number {
  const of = (at: number): number => frequency[needle[at] as number] as number;
  let rarest = 0;
  for (let at = 1; at < needle.length; at += 1) if (of(at) < of(rarest)) rarest = at;
  return rarest;
}

/**
 * Where a needle stands in a window, ascending.
 * @param anchor index of the byte of the needle that is looked for first
 */
function* placesIn(window: Buffer, needle: Buffer, anchor: number): Generator<number, undefined> {
  const byte = needle[anchor] as number;
  let misses = 0;
  let at = window.indexOf(byte, anchor);
  for (; at !== -1 && misses < mostMisses; at = window.indexOf(byte, at + 1)) {
    if (standsAt(window, needle, at - anchor)) yield at - anchor;
    else misses += 1;
  }
  // A sample can mislead, by chance or on purpose.
  if (at === -1) return;
  for (at = window.indexOf(needle, at - anchor); at !== -1; at = window.indexOf(needle, at + 1)) yield at;
}

function standsAt(window: Buffer, needle: Buffer, at: number): boolean {
  if (at + needle.length > window.length) return false;
  for (let index = 0; index < needle.length; index += 1) {
    if (window[at + index] !== needle[index]) return false;
  }
  return true;
}

/**
 * Every offset in [from, to) at which `needle` begins and, before `to`, ends; ascending, as `occurrencesOfAny`.
 * @throws IkfsError `limit` after 100,000 occurrences
 */
export function* occurrences(
  source: ByteSource,
  needle: Buffer,
  from = 0,
  to = source.size,
): Generator<number, undefined> {
  for (const { offset } of occurrencesOfAny(source, [needle], from, to)) yield offset;
}
