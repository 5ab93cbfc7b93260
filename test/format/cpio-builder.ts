/** One entry of a cpio archive to build; see cpio(5), "New ASCII Format". */
export interface CpioEntrySpec {
  readonly name: string;
  /** With the type: 0o100644 for a file. */
  readonly mode?: number;
  readonly content?: Buffer | string;
  readonly inode?: number;
  /** Names that the file has. */
  readonly links?: number;
  /** Instead of the name's length with its NUL. */
  readonly statedNameSize?: number;
  /** Instead of the content's length. */
  readonly statedSize?: number;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

/** Builds entries without a trailer. */
export function buildCpioEntries(entries: readonly CpioEntrySpec[], magic = '070701'): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const name = Buffer.from(`${entry.name}\0`);
      const content = Buffer.from(entry.content ?? '');
      const fields = Array.from({ length: 13 }, () => 0);
      fields[0] = entry.inode ?? 0;
      fields[1] = entry.mode ?? 0o100644;
      fields[4] = entry.links ?? 1;
      fields[6] = entry.statedSize ?? content.length;
      fields[7] = 8;
      fields[8] = 1;
      fields[11] = entry.statedNameSize ?? name.length;
      const header = magic + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
      return [padded(Buffer.concat([Buffer.from(header), name])), padded(content)];
    }),
  );
}

/** Builds an archive: entries and the trailer. */
export function buildCpio(entries: readonly CpioEntrySpec[], magic?: string): Buffer {
  return buildCpioEntries([...entries, { name: 'TRAILER!!!', mode: 0 }], magic);
}
