import { readSync } from 'node:fs';
import { asIkfsError } from '../errors.ts';

/**
 * What is known of a block device. Its node does not tell how long it is, and is made anew at each start of the system;
 * so the bytes have to speak for themselves.
 */
export interface KnownDevice {
  /** Bytes from its beginning that hold something; no others are read. */
  readonly size: number;
  /** SHA-256 of these bytes in hexadecimal. */
  readonly digest: string;
}

/** Every device is as long as a number of these (linux/blk_types.h, SECTOR_SIZE). */
const sector = 512;

/**
 * The length of a block device in bytes: stat(2) says 0. It is found by reading single bytes, because that is right
 * wherever the device can be read at all; sysfs, which would tell, is not mounted in every container and not readable
 * in every Android shell. It takes some 50 reads.
 * @throws IkfsError `io`
 */
export function deviceLength(descriptor: number, path: string): number {
  const byte = Buffer.alloc(1);
  const isInside = (offset: number): boolean => {
    try {
      return readSync(descriptor, byte, 0, 1, offset) === 1;
    } catch (error) {
      throw asIkfsError(error, { path, step: 'length of the device' });
    }
  };
  if (!isInside(0)) return 0;
  let inside = 0;
  let outside = sector;
  while (isInside(outside)) {
    inside = outside;
    outside *= 2;
  }
  while (outside - inside > sector) {
    const middle = (inside + outside) / 2;
    if (isInside(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}
