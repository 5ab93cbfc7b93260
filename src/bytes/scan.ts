import { IkfsError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** Bytes read at a time: large enough for few system calls, small against an image of 60 MB. */
const chunkSize = 1024 * 1024;

/**
 * Real images have some dozens of any magic; one made of nothing else would keep its searcher busy for
 * hours.
 */
const maximumHits = 100_000;

/**
 * Every offset in [from, to) at which `needle` begins and, before `to`, ends. Ascending; one that lies across
 * two reads is found, and occurrences may overlap.
 * @throws IkfsError `limit` after 100,000 occurrences
 */
export function* occurrences(
  source: ByteSource,
  needle: Buffer,
  from = 0,
  to = source.size,
): Generator<number, undefined> {
  let hits = 0;
  for (let start = from; start + needle.length <= to; start += chunkSize) {
    const chunk = source.read(start, Math.min(chunkSize + needle.length - 1, to - start));
    for (let at = chunk.indexOf(needle); at !== -1; at = chunk.indexOf(needle, at + 1)) {
      hits += 1;
      if (hits > maximumHits) {
        const message = `has the bytes ${needle.toString('hex')} more than ${maximumHits} times`;
        throw new IkfsError('limit', message, { path: source.name, offset: start + at });
      }
      yield start + at;
    }
  }
}
