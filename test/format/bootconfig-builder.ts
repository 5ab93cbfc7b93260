/**
 * Appends a boot configuration to a ramdisk (Documentation/admin-guide/bootconfig.rst); size and sum can be
 * others than they are.
 */
export function buildBootconfig(
  ramdisk: Buffer,
  text: string,
  stated: { readonly size?: number; readonly sum?: number } = {},
): Buffer {
  const content = Buffer.from(text);
  const padding = Buffer.alloc(-(ramdisk.length + content.length) & 3);
  const fields = Buffer.alloc(8);
  fields.writeUInt32LE(stated.size ?? content.length + padding.length, 0);
  fields.writeUInt32LE(stated.sum ?? content.reduce((sum, byte) => sum + byte, 0), 4);
  return Buffer.concat([ramdisk, content, padding, fields, Buffer.from('#BOOTCONFIG\n')]);
}
