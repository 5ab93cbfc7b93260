/** What a bzImage to build has in its boot header; see Documentation/arch/x86/boot.rst. */
export interface BzImageSpec {
  readonly payload: Buffer;
  readonly protocol?: number;
  readonly setupSectors?: number;
  readonly versionString?: string;
  /** Bytes between the setup code and the payload. */
  readonly gap?: number;
}

/** Builds the boot header, the setup code with the version string, and the payload. */
export function buildBzImage(spec: BzImageSpec): Buffer {
  const setupSectors = spec.setupSectors ?? 4;
  const gap = spec.gap ?? 100;
  const setup = Buffer.alloc((1 + (setupSectors === 0 ? 4 : setupSectors)) * 512 + gap);
  setup.writeUInt8(setupSectors, 0x1f1);
  setup.writeUInt16LE(0xaa55, 0x1fe);
  setup.write('HdrS', 0x202);
  setup.writeUInt16LE(spec.protocol ?? 0x020f, 0x206);
  setup.writeUInt32LE(gap, 0x248);
  setup.writeUInt32LE(spec.payload.length, 0x24c);
  if (spec.versionString !== undefined) {
    setup.writeUInt16LE(0x400, 0x20e);
    setup.write(`${spec.versionString}\0`, 0x600);
  }
  return Buffer.concat([setup, spec.payload]);
}
