const MiB = 1024 * 1024;

/** A cap on what untrusted input may make ikfs do. */
interface Cap {
  /** Its value unless the command line gives another; far above what real kernels need. */
  readonly usual: number;
  readonly unit: 'bytes' | 'count';
  /** What it caps. */
  readonly meaning: string;
  /** Why that value; shown to users. */
  readonly reason: string;
}

/** Every cap with its reason. A file that exceeds one is refused with a `limit` error. */
export const caps = {
  imageBytes: {
    usual: 1024 * MiB,
    unit: 'bytes',
    meaning: 'Bytes that all compressions of one image may expand to',
    reason: "Debian's largest vmlinux is 66 MB; debug ones reach 700 MB",
  },
  ratio: {
    usual: 100,
    unit: 'count',
    meaning: 'How many times its size one compressed image may expand to',
    reason: 'Kernels are compressed to an eighth at the best',
  },
  moduleBytes: {
    usual: 256 * MiB,
    unit: 'bytes',
    meaning: 'Bytes that one module may expand to',
    reason: 'The largest stripped module (amdgpu) is 25 MB',
  },
  archiveBytes: {
    usual: 512 * MiB,
    unit: 'bytes',
    meaning: 'Bytes that a header archive may expand to',
    reason: 'A 6.1 archive is 32 MB; all architectures 65 MB',
  },
  archiveEntries: {
    usual: 200_000,
    unit: 'count',
    meaning: 'Entries of a header archive',
    reason: 'A 6.1 archive has 6,691; with all architectures 17,000',
  },
  ramdiskEntries: {
    usual: 200_000,
    unit: 'count',
    meaning: 'Files and directories of all ramdisks of one image',
    reason: 'A Debian kernel has 4,351 modules; a whole system may live in its ramdisk',
  },
  configBytes: {
    usual: 16 * MiB,
    unit: 'bytes',
    meaning: 'Bytes that an embedded configuration may expand to',
    reason: "Debian's is 260 KB",
  },
  nesting: {
    usual: 8,
    unit: 'count',
    meaning: 'Containers within containers',
    reason: 'A boot image around a zboot around an xz is four',
  },
  streams: {
    usual: 64,
    unit: 'count',
    meaning: 'Compressed streams that are tried in one image',
    reason: 'There is one with a kernel, and bytes by chance that look like the start of others',
  },
} as const satisfies Readonly<Record<string, Cap>>;

/** The name of a cap. */
export type LimitName = keyof typeof caps;

/** All names of caps, in the order of the table. */
export const limitNames = Object.keys(caps) as LimitName[];

/** The value of each cap. */
export type Limits = Readonly<Record<LimitName, number>>;

/** What holds unless somebody says otherwise. */
export const defaultLimits = Object.fromEntries(limitNames.map((name) => [name, caps[name].usual])) as Limits;
