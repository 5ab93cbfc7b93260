/** What an ARM zImage to build has in its header; see arch/arm/boot/compressed/head.S and vmlinux.lds.S. */
export interface ArmZImageSpec {
  /** The compressed kernel; its last four bytes are the size of what comes out. */
  readonly payload: Buffer;
  /** Byte order of data and of instructions. */
  readonly order?: 'little' | 'big';
  readonly instructions?: 'little' | 'big';
  /** Address that the image is linked to. */
  readonly start?: number;
  /** Without it there is neither byte order nor table, as in old images. */
  readonly extended?: boolean;
}

/** Builds header, table of tags, some code, the payload and, behind it, some data. */
export function buildArmZImage(spec: ArmZImageSpec): Buffer {
  const { payload, order = 'little', instructions = 'little', start = 0, extended = true } = spec;
  const words = (bytes: Buffer, at: number, values: readonly number[]): void =>
    values.forEach((value, index) => {
      if (instructions === 'little') bytes.writeUInt32LE(value, at + index * 4);
      else bytes.writeUInt32BE(value, at + index * 4);
    });
  const head = Buffer.alloc(0x200, 0xe1);
  const tail = Buffer.alloc(64, 0x5a);
  const end = start + head.length + payload.length + tail.length;
  words(head, 0x24, [0x016f2818, start, end]);
  if (extended) {
    Buffer.from(order === 'little' ? '01020304' : '04030201', 'hex').copy(head, 0x30);
    words(head, 0x34, [0x45454545, 0x100]);
    words(head, 0x100, [3, 0x11223344, 0]);
    words(head, 0x10c, [6, 0x5a534c4b, head.length + payload.length - 4, 0, 0x8000, 0x10000, 0]);
  }
  return Buffer.concat([head, payload, tail]);
}
