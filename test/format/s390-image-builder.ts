/** What an s390 image to build has at its fixed addresses; see arch/s390/boot/head.S and ipl_data.c. */
export interface S390ImageSpec {
  readonly payload: Buffer;
  readonly versionString?: string;
}

/** Builds the IPL record, the entry point, the parameter area, the version string, the payload and the trailer. */
export function buildS390Image({ payload, versionString }: S390ImageSpec): Buffer {
  const head = Buffer.alloc(0x12000);
  Buffer.from('0008000080000200', 'hex').copy(head);
  Buffer.from('02000018600000500200006860000050', 'hex').copy(head, 8);
  head.fill(0x40, 0x18, 0x50);
  head.write('S390EP\0\x01', 0x10008);
  if (versionString !== undefined) {
    head.writeBigUInt64BE(0x11800n, 0x10428);
    head.write(versionString, 0x11800);
  }
  return Buffer.concat([head, payload, Buffer.alloc(28), Buffer.from('zIPL')]);
}
