/** A section of a PE file to build. */
export interface PeSectionSpec {
  readonly name: string;
  readonly content: Buffer;
  /** VirtualSize; the length of the content unless given. */
  readonly virtualSize?: number;
}

const fileAlignment = 512;
const optionalHeaderSize = 240;

/** Builds a PE file: DOS header, PE header at 0x80, section table, sections each padded to 512 bytes. */
export function buildPe(sections: readonly PeSectionSpec[], { machine = 0x8664 } = {}): Buffer {
  const tableAt = 0x80 + 24 + optionalHeaderSize;
  const head = Buffer.alloc(padded(tableAt + sections.length * 40));
  head.write('MZ', 0);
  head.writeUInt32LE(0x80, 0x3c);
  head.write('PE', 0x80);
  head.writeUInt16LE(machine, 0x84);
  head.writeUInt16LE(sections.length, 0x86);
  head.writeUInt16LE(optionalHeaderSize, 0x94);
  const bodies: Buffer[] = [];
  let offset = head.length;
  sections.forEach(({ name, content, virtualSize }, index) => {
    const body = Buffer.alloc(padded(content.length));
    content.copy(body);
    const at = tableAt + index * 40;
    head.write(name, at, 8, 'latin1');
    head.writeUInt32LE(virtualSize ?? content.length, at + 8);
    head.writeUInt32LE(body.length, at + 16);
    head.writeUInt32LE(offset, at + 20);
    bodies.push(body);
    offset += body.length;
  });
  return Buffer.concat([head, ...bodies]);
}

function padded(size: number): number {
  return Math.ceil(size / fileAlignment) * fileAlignment;
}
