/** What an EFI zboot image to build has in its header; see drivers/firmware/efi/libstub/zboot-header.S. */
export interface EfiZbootSpec {
  readonly payload: Buffer;
  readonly compression?: string;
  /** What the header says instead of the payload's own length. */
  readonly payloadSize?: number;
}

/** Builds the header, the beginning of a PE header, the payload and, as all but gzip have, the appended size. */
export function buildEfiZboot({ payload, compression = 'gzip', payloadSize }: EfiZbootSpec): Buffer {
  const head = Buffer.alloc(0x200);
  head.write('MZ', 0);
  head.write('zimg', 4);
  head.writeUInt32LE(head.length, 0x08);
  head.writeUInt32LE(payloadSize ?? payload.length, 0x0c);
  head.write(compression, 0x18);
  head.writeUInt32LE(0x818223cd, 0x38);
  head.writeUInt32LE(0x40, 0x3c);
  head.write('PE', 0x40);
  return Buffer.concat([head, payload, Buffer.from([0, 0, 0, 1])]);
}
