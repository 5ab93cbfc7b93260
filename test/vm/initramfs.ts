/** A file of an initramfs: its path without a leading slash, its mode with the bits of its type, its bytes. */
export interface InitramfsEntry {
  readonly path: string;
  /** st_mode: 0o100755 for a program, 0o40755 for a folder. */
  readonly mode: number;
  readonly content?: Uint8Array;
}

const magic = '070701';
const trailer = 'TRAILER!!!';

/**
 * A cpio archive in the "newc" form that kernels unpack as their first root
 * (Documentation/driver-api/early-userspace/buffer-format.rst): for each file a header of 13 numbers in eight
 * hexadecimal digits, its name, its bytes, each filled up to a multiple of four; root owns all.
 */
export function initramfs(entries: readonly InitramfsEntry[]): Buffer {
  const all = [...entries, { path: trailer, mode: 0 }];
  return Buffer.concat(
    all.flatMap(({ path, mode, content = Buffer.alloc(0) }: InitramfsEntry, index) => {
      const name = Buffer.from(`${path}\0`);
      const [owner, group, links, modified, device, checksum] = [0, 0, 1, 0, 0, 0];
      const fields = [
        ...[index + 1, mode, owner, group, links, modified, content.length],
        ...[device, device, device, device, name.length, checksum],
      ];
      const header = magic + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
      return [filled(Buffer.concat([Buffer.from(header), name])), filled(content)];
    }),
  );
}

function filled(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
