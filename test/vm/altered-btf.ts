/* A module's real BTF with something in it changed. */
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { parseBtfHeader } from '../../src/format/btf.ts';

/** Where a word is in the BTF, of those that name a string or a type. */
interface Reference {
  readonly to: 'string' | 'type';
  readonly offset: number;
}

type Word = Reference['to'] | 'other';

/**
 * The words behind a type's name and kind, by kind (Documentation/bpf/btf.rst): its size or what it refers to,
 * those that follow once, and those that follow for each of its members and the like.
 */
const shapes: Readonly<Record<number, { third: Word; once?: readonly Word[]; each?: readonly Word[] }>> = {
  1: { third: 'other', once: ['other'] },
  2: { third: 'type' },
  3: { third: 'other', once: ['type', 'type', 'other'] },
  4: { third: 'other', each: ['string', 'type', 'other'] },
  5: { third: 'other', each: ['string', 'type', 'other'] },
  6: { third: 'other', each: ['string', 'other'] },
  7: { third: 'other' },
  8: { third: 'type' },
  9: { third: 'type' },
  10: { third: 'type' },
  11: { third: 'type' },
  12: { third: 'type' },
  13: { third: 'type', each: ['string', 'type'] },
  14: { third: 'type', once: ['other'] },
  15: { third: 'other', each: ['type', 'other', 'other'] },
  16: { third: 'other' },
  17: { third: 'type', once: ['other'] },
  18: { third: 'type' },
  19: { third: 'other', each: ['string', 'other', 'other'] },
};

/** The words of a little-endian BTF that name strings and types, in order. */
function referencesOf(btf: Buffer): Reference[] {
  const { types } = parseBtfHeader(new MemorySource('BTF', btf));
  const found: Reference[] = [];
  for (let at = types.offset; at < types.offset + types.size;) {
    const info = btf.readUInt32LE(at + 4);
    const shape = shapes[(info >>> 24) & 0x1f];
    if (!shape) throw new Error(`a type of unknown kind at ${at}`);
    const members = Array.from({ length: info & 0xffff }, () => shape.each ?? []).flat();
    const words: Word[] = ['string', 'other', shape.third, ...(shape.once ?? []), ...members];
    words.forEach((to, index) => {
      if (to !== 'other') found.push({ to, offset: at + index * 4 });
    });
    at += words.length * 4;
  }
  return found;
}

/**
 * The BTF with every reference of a sort to what is its own, not its base's, moved: as it would be, had its base
 * been larger or smaller.
 * @param first of its own strings' offsets or types' ids
 */
export function withReferencesMoved(btf: Buffer, to: Reference['to'], first: number, by: number): Buffer {
  const moved = Buffer.from(btf);
  for (const reference of referencesOf(btf)) {
    const value = btf.readUInt32LE(reference.offset);
    if (reference.to === to && value >= first) moved.writeUInt32LE(value + by, reference.offset);
  }
  return moved;
}

/** The BTF with the last reference of a sort that is not to nothing leading elsewhere. */
export function withLastReference(btf: Buffer, to: Reference['to'], value: number): Buffer {
  const changed = Buffer.from(btf);
  const last = referencesOf(btf).findLast(
    (reference) => reference.to === to && btf.readUInt32LE(reference.offset) !== 0,
  );
  if (last === undefined) throw new Error(`there is no reference to a ${to}`);
  changed.writeUInt32LE(value, last.offset);
  return changed;
}

/** The BTF with the second half of its strings cut off, and its header saying so. */
export function withHalfTheStrings(btf: Buffer): Buffer {
  const { strings } = parseBtfHeader(new MemorySource('BTF', btf));
  const size = strings.size >> 1;
  const cut = Buffer.from(btf.subarray(0, strings.offset + size));
  cut.writeUInt32LE(size, 20);
  // A whole number of strings.
  cut[cut.length - 1] = 0;
  return cut;
}
