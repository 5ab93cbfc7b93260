import { MemoryRoom } from '../../src/bytes/memory-room.ts';
import type { OptionValues } from '../options.ts';
import { wholeNumber } from '../whole-number.ts';

/** What a daemon has at least when it has let go of all it can, in MiB: less is not to be had. */
const least = 16;

/**
 * What --memory-limit says, in bytes; undefined without it.
 * @throws IkfsError `usage`
 */
export function memoryLimit(values: OptionValues): number | undefined {
  const text = values['memory-limit'];
  if (text === undefined) return undefined;
  return wholeNumber('memory-limit', text, least, { least, most: 1024 ** 2 }) * 1024 ** 2;
}

/** What is left of a limit in bytes for files in memory: all but what a daemon has at least. */
export function roomWithin(limit: number): MemoryRoom {
  return new MemoryRoom(limit - least * 1024 ** 2);
}
