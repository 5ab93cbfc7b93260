import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';

/** What Android Verified Boot says at the end of a partition. */
export interface AvbFooter {
  /** Length in bytes of the image before it was signed; it begins where the partition does. */
  readonly imageSize: number;
  /** The signed description of the image (vbmeta). */
  readonly vbmeta: ByteRange;
}

/*
 * AOSP external/avb, libavb/avb_footer.h: the last 64 bytes of a partition. Big-endian: magic, major and
 * minor version, original_image_size, vbmeta_offset, vbmeta_size, 28 bytes reserved.
 */
const footerSize = 64;
const magic = Buffer.from('AVBf', 'latin1');
const majorVersionAt = 4;
const imageSizeAt = 12;
const vbmetaAt = 20;
const knownMajorVersion = 1;

/**
 * The footer of a partition or of an image that fills one. It says where the image ends: a partition is
 * larger than what is in it. Nothing is verified.
 * @returns undefined when there is none
 * @throws IkfsError `unsupported` for a footer newer than version 1, `corrupt` when what it describes does
 *   not lie in front of it
 */
export function findAvbFooter(source: ByteSource): AvbFooter | undefined {
  const footerAt = source.size - footerSize;
  if (footerAt < 0) return undefined;
  const footer = source.read(footerAt, footerSize);
  if (!footer.subarray(0, magic.length).equals(magic)) return undefined;
  const fields = new Cursor(footer, 'big', footerAt);
  const refuse = (code: 'corrupt' | 'unsupported', what: string, field: number): IkfsError =>
    new IkfsError(code, `AVB footer: ${what}`, { path: source.name, offset: footerAt + field });
  const version = fields.seek(majorVersionAt).u32('version_major');
  if (version > knownMajorVersion) throw refuse('unsupported', `version ${version}`, majorVersionAt);
  const imageSize = fields.seek(imageSizeAt).u64('original_image_size');
  if (imageSize > footerAt) {
    throw refuse('corrupt', `the image has ${imageSize} bytes of ${footerAt}`, imageSizeAt);
  }
  const offset = fields.seek(vbmetaAt).u64('vbmeta_offset');
  const size = fields.u64('vbmeta_size');
  if (offset > footerAt - size) {
    throw refuse('corrupt', `vbmeta has ${size} bytes from ${offset}, of ${footerAt}`, vbmetaAt);
  }
  return { imageSize, vbmeta: { offset, size } };
}
