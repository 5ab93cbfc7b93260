import type { ByteSource } from '../bytes/byte-source.ts';
import type { ElfFile } from './elf.ts';

/** Type and owner of the note that has the build id (ld(1), --build-id; elf(5), "Notes (Nhdr)"). */
const noteType = 3;
const owner = Buffer.from('GNU\0', 'latin1');

/** Notes of a kernel are a few hundred bytes. */
const mostNotes = 64 * 1024;

/** Type of segments and of sections that hold notes (elf(5): PT_NOTE, SHT_NOTE). */
const noteSegment = 4;
const noteSection = 7;

/** The build id of an ELF file, or undefined when it has none, or notes that can not be. */
export function buildIdOf(file: ByteSource, elf: ElfFile): Buffer | undefined {
  const places = [
    ...elf.sections.filter(({ type }) => type === noteSection),
    ...elf.segments.filter(({ type }) => type === noteSegment),
  ];
  for (const { offset, size } of places) {
    if (size > mostNotes || offset + size > file.size) continue;
    const found = buildIdIn(file.read(offset, size), elf.order);
    if (found) return found;
  }
  return undefined;
}

/** The build id among notes: name, description and type of each, both padded to four bytes. */
export function buildIdIn(notes: Buffer, order: 'little' | 'big'): Buffer | undefined {
  const word = (at: number): number => (order === 'little' ? notes.readUInt32LE(at) : notes.readUInt32BE(at));
  const padded = (size: number): number => Math.ceil(size / 4) * 4;
  for (let at = 0; at + 12 <= notes.length;) {
    const [nameSize, size, type] = [word(at), word(at + 4), word(at + 8)];
    const start = at + 12 + padded(nameSize);
    if (start + size > notes.length) return undefined;
    const name = notes.subarray(at + 12, at + 12 + nameSize);
    if (type === noteType && size > 0 && name.equals(owner)) return notes.subarray(start, start + size);
    at = start + padded(size);
  }
  return undefined;
}

/** A note that holds a build id, in that byte order. */
export function buildIdNote(id: Buffer, order: 'little' | 'big'): Buffer {
  const note = Buffer.alloc(12 + owner.length + Math.ceil(id.length / 4) * 4);
  [owner.length, id.length, noteType].forEach((value, index) => {
    if (order === 'little') note.writeUInt32LE(value, index * 4);
    else note.writeUInt32BE(value, index * 4);
  });
  owner.copy(note, 12);
  id.copy(note, 12 + owner.length);
  return note;
}
