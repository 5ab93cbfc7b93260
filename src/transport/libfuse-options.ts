/** How long the kernel may keep what never changes, in seconds; long, and short enough to heal what went wrong. */
const keepSeconds = 3600;

/** The mount options ikfs uses: of mount(8), of the kernel's FUSE, and of libfuse 2.9's path-based interface. */
interface LibfuseOptions {
  readonly ro: boolean;
  readonly nosuid: boolean;
  readonly nodev: boolean;
  /** The kernel checks permission bits by itself. */
  readonly default_permissions: boolean;
  /** Users other than the mounting one may look inside. */
  readonly allow_other: boolean;
  /** First column of /proc/mounts. */
  readonly fsname: string;
  /** The type in /proc/mounts becomes fuse.SUBTYPE. */
  readonly subtype: string;
  /** Seconds for which the kernel keeps a name. */
  readonly entry_timeout: number;
  /** Seconds for which the kernel keeps the absence of a name. */
  readonly negative_timeout: number;
  /** Seconds for which the kernel keeps attributes. */
  readonly attr_timeout: number;
  /** Opening a file does not drop its cached pages. */
  readonly kernel_cache: boolean;
  /** Inode numbers are those of the tree, not ones that libfuse makes up. */
  readonly use_ino: boolean;
}

/**
 * The options of a mount as libfuse's parser takes them: '-o' and a list, commas escaped.
 *
 * Everything but status.json is immutable, so names (missing ones too: most probes of an include path miss),
 * attributes and pages are all kept. libfuse 2 has these settings for the whole mount only; what makes
 * status.json right nevertheless is forgetRootName (fuse-device.ts) and Snapshots. The other way would have
 * been an attr_timeout of a second, which costs one more round trip through JavaScript for each header of
 * each compilation: open, fstat, read and close of a warm file took 28 us with 3600 s and 65 us with 1 s;
 * auto_cache was no better (50 to 90 us).
 *
 * No max_read: libfuse 2 never asks for more than 128 KiB. No open handler: libfuse answers opens itself.
 */
export function libfuseOptions(allowOther: boolean): string {
  const options: LibfuseOptions = {
    ro: true,
    nosuid: true,
    nodev: true,
    default_permissions: true,
    allow_other: allowOther,
    fsname: 'ikfs',
    subtype: 'ikfs',
    entry_timeout: keepSeconds,
    negative_timeout: keepSeconds,
    attr_timeout: keepSeconds,
    kernel_cache: true,
    // Compilers tell files apart by inode; libfuse would number a file anew when the kernel had dropped it.
    use_ino: true,
  };
  return `-o${joinOptions({ ...options })}`;
}

/** Options as one comma-separated list; false leaves one out, and fuse_opt_parse(3) undoes the escapes. */
export function joinOptions(options: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(options)
    .filter(([, value]) => value !== false)
    .map(([name, value]) =>
      value === true ? name : `${name}=${String(value).replaceAll(/[\\,]/g, (special) => `\\${special}`)}`,
    )
    .join(',');
}
