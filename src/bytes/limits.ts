/**
 * Caps on what untrusted input may make ikfs do. Each has the reason for its value; all are far above what
 * real kernels need, and a file that exceeds one is refused with a `limit` error.
 */
export interface Limits {
  /** Bytes that one image may expand to. Debian's largest vmlinux is 66 MB; debug ones reach 700 MB. */
  readonly imageBytes: number;
  /** Bytes that one module may expand to. The largest stripped module (amdgpu) is 25 MB. */
  readonly moduleBytes: number;
  /** Bytes that a header archive may expand to. A 6.1 archive is 32 MB; all architectures 65 MB. */
  readonly archiveBytes: number;
  /** Entries of a header archive. A 6.1 archive has 6,691; with all architectures 17,000. */
  readonly archiveEntries: number;
  /** Bytes that an embedded configuration may expand to. Debian's is 260 KB. */
  readonly configBytes: number;
  /** Containers within containers. A boot image around a zboot around an xz is four. */
  readonly nesting: number;
  /** Compressed streams tried while looking for one by its magic in an image. */
  readonly streams: number;
}

export const defaultLimits: Limits = {
  imageBytes: 1024 * 1024 * 1024,
  moduleBytes: 256 * 1024 * 1024,
  archiveBytes: 512 * 1024 * 1024,
  archiveEntries: 200_000,
  configBytes: 16 * 1024 * 1024,
  nesting: 8,
  streams: 64,
};
