import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** What the header of a flat kernel says: one that is loaded into memory as it is. */
export interface FlatImage {
  /** As elf-machine.ts names it. */
  readonly machine: 'arm64' | 'riscv' | 'loongarch';
  readonly order: 'little' | 'big';
  /** Where the kernel wants to be, from a 2 MiB boundary (arm64) or the start of memory. */
  readonly loadOffset: bigint;
  /** Bytes in memory, with what is zero there and not in the file; undefined when an old kernel does not say. */
  readonly memorySize: number | undefined;
  /** Bytes of a page; undefined when the header does not say. */
  readonly pageSize: number | undefined;
}

/*
 * Documentation/arch/arm64/booting.rst ("Call the kernel image"), Documentation/arch/riscv/boot-image-header.rst,
 * Documentation/arch/loongarch/booting.rst. Headers are little-endian whatever the kernel is; the one of LoongArch
 * is told by its PE header from other EFI programs of Linux, as x86 kernels have the same magic.
 */
const headerSize = 0x40;
const loadOffsetAt = 0x08;
const sizeAt = 0x10;
const flagsAt = 0x18;
const riscvMagicAt = 0x30;
const magicAt = 0x38;
const peOffsetAt = 0x3c;

const arm64Magic = 0x644d5241;
const riscvMagic = 0x05435352;
/** Images of header version 0.1 have only this one. */
const oldRiscvMagic = Buffer.from('RISCV\0\0\0', 'latin1');
const efiLinuxMagic = 0x818223cd;
const peSignature = 0x00004550;
/** IMAGE_FILE_MACHINE_LOONGARCH32 and ...64 (Microsoft's "PE Format", "Machine Types"). */
const loongarchMachines: ReadonlySet<number> = new Set([0x6232, 0x6264]);

const bigEndianFlag = 1;
/** Bits 1 and 2 of arm64's flags. */
const arm64PageSizes = [undefined, 4096, 16384, 65536] as const;

/** Whether a file that begins with these bytes is a flat kernel with a header; 0x46 of them are enough. */
export function isFlatImage(head: Buffer): boolean {
  return machineOf(head) !== undefined;
}

/** @throws IkfsError `corrupt` when it has no such header */
export function parseFlatImage(source: ByteSource): FlatImage {
  const head = source.read(0, Math.min(4096, source.size));
  const machine = machineOf(head);
  if (!machine) {
    throw new IkfsError('corrupt', 'is not a flat kernel with a header', {
      path: source.name,
      offset: magicAt,
    });
  }
  const fields = new Cursor(head, 'little');
  const loadOffset = fields
    .seek(loadOffsetAt + (machine === 'loongarch' ? 0x10 : 0))
    .address64('load offset');
  const size = fields.seek(sizeAt).u64('image size');
  // In LoongArch's header other things stand where the flags are in the others.
  const flags = machine === 'loongarch' ? 0 : fields.seek(flagsAt).u8('flags');
  return {
    machine,
    order: (flags & bigEndianFlag) === 0 ? 'little' : 'big',
    loadOffset,
    memorySize: size === 0 ? undefined : size,
    pageSize: machine === 'arm64' ? arm64PageSizes[(flags >> 1) & 3] : undefined,
  };
}

function machineOf(head: Buffer): FlatImage['machine'] | undefined {
  if (head.length < headerSize) return undefined;
  const magic = head.readUInt32LE(magicAt);
  if (magic === arm64Magic) return 'arm64';
  if (magic === riscvMagic) return 'riscv';
  const old = head.subarray(riscvMagicAt, riscvMagicAt + oldRiscvMagic.length);
  if (old.equals(oldRiscvMagic)) return 'riscv';
  return magic === efiLinuxMagic && isLoongarchProgram(head) ? 'loongarch' : undefined;
}

/** Whether the PE header says so, and the image is not a program that unpacks one (efi-zboot.ts). */
function isLoongarchProgram(head: Buffer): boolean {
  const peOffset = head.readUInt32LE(peOffsetAt);
  return (
    head.toString('latin1', 0, 2) === 'MZ' &&
    head.readUInt32LE(4) === 0 &&
    peOffset + 6 <= head.length &&
    head.readUInt32LE(peOffset) === peSignature &&
    loongarchMachines.has(head.readUInt16LE(peOffset + 4))
  );
}
