/** Fields of the header of a flat kernel; see Documentation/arch/{arm64,loongarch}/booting.rst. */
export interface FlatImageSpec {
  readonly loadOffset?: bigint;
  readonly memorySize?: bigint;
  readonly flags?: number;
}

/** Builds the header, the beginning of a PE header at 0x40, and a little kernel. */
export function buildFlatImage(
  machine: 'arm64' | 'riscv' | 'loongarch',
  { loadOffset = 0n, memorySize = 0x2000n, flags = 0 }: FlatImageSpec,
): Buffer {
  const image = Buffer.alloc(0x1000);
  image.write('MZ', 0);
  image.writeBigUInt64LE(machine === 'loongarch' ? 0x9000000000200000n : loadOffset, 0x08);
  image.writeBigUInt64LE(memorySize, 0x10);
  image.writeBigUInt64LE(machine === 'loongarch' ? loadOffset : BigInt(flags), 0x18);
  if (machine === 'arm64') image.write('ARM\x64', 0x38);
  if (machine === 'riscv') image.write('RISCV', 0x30);
  if (machine === 'riscv') image.write('RSC\x05', 0x38);
  if (machine === 'loongarch') image.writeUInt32LE(0x818223cd, 0x38);
  image.writeUInt32LE(0x40, 0x3c);
  image.write('PE', 0x40);
  image.writeUInt16LE({ arm64: 0xaa64, riscv: 0x5064, loongarch: 0x6264 }[machine], 0x44);
  return image;
}
