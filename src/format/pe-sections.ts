import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** A section of a PE file. */
export interface PeSection {
  /** Eight bytes at the most, without the NULs that fill them. */
  readonly name: string;
  /** Its bytes in the file, without what fills the last block of the file. */
  readonly content: ByteRange;
}

/** What the headers of a PE file (an EFI program) say. */
export interface PeFile {
  /** 0x8664 is x86-64, 0xaa64 arm64. */
  readonly machine: number;
  readonly sections: readonly PeSection[];
}

/*
 * The PE format: Microsoft's "PE Format", sections "MS-DOS Stub", "COFF File Header" and "Section Table"; the UEFI
 * specification, 2.1.1 "UEFI Images", takes it over. Little-endian.
 */
const dosMagic = Buffer.from('MZ', 'latin1');
const peOffsetAt = 0x3c;
const signature = Buffer.from('PE\0\0', 'latin1');
const coffHeaderSize = 20;
const sectionHeaderSize = 40;
const nameSize = 8;

/** A unified kernel image has about 20 sections, with profiles some more; Windows takes 96 at the most. */
const maximumSections = 1024;

/** Whether a file that begins with these bytes is a PE file whose PE header lies in them too. */
export function isPe(head: Buffer): boolean {
  if (head.length < peOffsetAt + 4 || !head.subarray(0, dosMagic.length).equals(dosMagic)) return false;
  const at = head.readUInt32LE(peOffsetAt);
  return at + signature.length <= head.length && head.subarray(at, at + signature.length).equals(signature);
}

/**
 * Machine and section table of a PE file. Whether sections lie in the file is for `checkPeSection` to check: some
 * programs have sections that are nowhere.
 * @throws IkfsError `corrupt` when it is no PE file, `truncated`, or `limit` for more than 1024 sections
 */
export function parsePe(source: ByteSource): PeFile {
  const notPe = (): IkfsError =>
    new IkfsError('corrupt', 'is not a PE file', { path: source.name, offset: 0 });
  const dosHeader = source.read(0, Math.min(peOffsetAt + 4, source.size));
  if (!dosHeader.subarray(0, dosMagic.length).equals(dosMagic)) throw notPe();
  const peOffset = new Cursor(dosHeader, 'little').seek(peOffsetAt).u32('e_lfanew');
  const header = source.read(peOffset, signature.length + coffHeaderSize);
  if (!header.subarray(0, signature.length).equals(signature)) throw notPe();
  const fields = new Cursor(header, 'little', peOffset).seek(signature.length);
  const machine = fields.u16('Machine');
  const count = fields.u16('NumberOfSections');
  const optionalSize = fields.skip(12).u16('SizeOfOptionalHeader');
  if (count > maximumSections) {
    throw new IkfsError('limit', `has ${count} sections`, { path: source.name, offset: peOffset });
  }
  const tableAt = peOffset + header.length + optionalSize;
  const table = source.read(tableAt, count * sectionHeaderSize);
  const sections = Array.from({ length: count }, (_, index) =>
    readSection(new Cursor(table, 'little', tableAt).seek(index * sectionHeaderSize)),
  );
  return { machine, sections };
}

function readSection(fields: Cursor): PeSection {
  const name = fields.bytes(nameSize, 'section name');
  const end = name.indexOf(0);
  const virtualSize = fields.u32('VirtualSize');
  const rawSize = fields.skip(4).u32('SizeOfRawData');
  const offset = fields.u32('PointerToRawData');
  // In the file, sections are padded to blocks; VirtualSize is what they have without that. A larger one means
  // zeros behind them in memory, and some linkers write none.
  const size = virtualSize === 0 ? rawSize : Math.min(virtualSize, rawSize);
  return { name: name.toString('latin1', 0, end === -1 ? nameSize : end), content: { offset, size } };
}

/** @throws IkfsError `truncated` when a section does not lie in the file, which it names */
export function checkPeSection(source: ByteSource, { name, content }: PeSection): void {
  if (content.offset <= source.size - content.size) return;
  const message = `section ${name} has ${content.size} bytes from ${content.offset}, the file only ${source.size}`;
  throw new IkfsError('truncated', message, { path: source.name, offset: content.offset });
}
