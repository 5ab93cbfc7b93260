import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

/** A kernel of Debian that tests read. */
interface DebianPackage {
  /** As Debian names it. */
  readonly architecture: string;
  /** Names of the package, of which the newest counts; Debian puts the build's number into the name. */
  readonly names: RegExp;
}

/** The kernels by the names that tests know them by, each there for its image and its modules. */
export const debianKernels = {
  /** bzImage with xz; 4,000 plain modules. */
  '6.1': { architecture: 'amd64', names: /^linux-image-6\.1\.0-[0-9]+-amd64-unsigned$/ },
  /** bzImage with legacy lz4. */
  '6.1-cloud': { architecture: 'amd64', names: /^linux-image-6\.1\.0-[0-9]+-cloud-amd64-unsigned$/ },
  /** bzImage with zstd; modules in xz. */
  '6.12-cloud': { architecture: 'amd64', names: /^linux-image-6\.12\.[^-]+-cloud-amd64$/ },
  /** Flat image. */
  '6.1-arm64': { architecture: 'arm64', names: /^linux-image-6\.1\.0-[0-9]+-arm64-unsigned$/ },
  /** Flat image; modules in xz, some of whose BTF is not aligned. */
  '6.12-arm64': { architecture: 'arm64', names: /^linux-image-6\.12\.[^-]+-arm64-unsigned$/ },
  /** zImage with xz; 32 bits. */
  '6.1-armmp': { architecture: 'armhf', names: /^linux-image-6\.1\.0-[0-9]+-armmp$/ },
  /** zImage with xz for another generation of machines. */
  '6.1-marvell': { architecture: 'armel', names: /^linux-image-6\.1\.0-[0-9]+-marvell$/ },
  /** bzImage with xz; 32 bits. */
  '6.1-i386': { architecture: 'i386', names: /^linux-image-6\.1\.0-[0-9]+-686-pae-unsigned$/ },
  /** s390's own image with xz; big-endian. */
  '6.1-s390x': { architecture: 's390x', names: /^linux-image-6\.1\.0-[0-9]+-s390x$/ },
  /** Plain ELF. */
  '6.1-ppc64el': { architecture: 'ppc64el', names: /^linux-image-6\.1\.0-[0-9]+-powerpc64le$/ },
  /** ELF around xz. */
  '6.1-mips64el': { architecture: 'mips64el', names: /^linux-image-6\.1\.0-[0-9]+-5kc-malta$/ },
} as const satisfies Readonly<Record<string, DebianPackage>>;

export type DebianKernel = keyof typeof debianKernels;

/** Names of the kernels for the architecture that tests run on, or of those for others. */
export function debianKernelsOf(part: 'amd64' | 'foreign'): DebianKernel[] {
  const names = Object.keys(debianKernels) as DebianKernel[];
  return names.filter((name) => (debianKernels[name].architecture === 'amd64') === (part === 'amd64'));
}

/**
 * The package that has the Module.symvers of a kernel's own build.
 * @param image name of the package of the kernel itself
 */
export function headersPackage(image: string): string {
  return image.replace(/^linux-image-/, 'linux-headers-').replace(/-unsigned$/, '');
}

/** The kernels whose Module.symvers tests compare with; the others' packages are no longer offered. */
export const symversKernels = [
  '6.1',
  '6.1-cloud',
  '6.12-cloud',
  '6.12-arm64',
] as const satisfies readonly DebianKernel[];

/**
 * What all flavours of the 6.1 kernel's headers share, and the programs that build modules: with the flavour's own
 * package a tree that bcc compiles against, and that modules are built in.
 */
export function sharedHeaderPackages(): string[] {
  const image = unpackedPackage('6.1');
  if (image === undefined) return [];
  const common = headersPackage(basename(image)).replace(/-amd64$/, '-common');
  return [common, 'linux-kbuild-6.1'];
}

/** Where the packages lie unpacked, each in a folder of its name; outside of any checkout, for all to share. */
export function debianCache(): string {
  return process.env['IKFS_DEBIAN_CACHE'] ?? join(homedir(), '.cache', 'ikfs-test', 'debian');
}

/** The newest of the names that a kernel's package may have; versions are compared as numbers. */
export function newestPackage(kernel: DebianKernel, names: readonly string[]): string | undefined {
  const { compare } = new Intl.Collator('en', { numeric: true });
  return names
    .filter((name) => debianKernels[kernel].names.test(name))
    .sort(compare)
    .at(-1);
}

/** The folder of a kernel's unpacked package, or undefined when it was not fetched. */
export function unpackedPackage(kernel: DebianKernel): string | undefined {
  const cache = debianCache();
  const name = existsSync(cache) ? newestPackage(kernel, readdirSync(cache)) : undefined;
  return name === undefined ? undefined : join(cache, name);
}

/** The Module.symvers of a kernel's own build, or undefined when its package was not fetched. */
export function builtSymvers(kernel: DebianKernel): string | undefined {
  const image = unpackedPackage(kernel);
  if (image === undefined) return undefined;
  const name = headersPackage(basename(image));
  const release = name.slice('linux-headers-'.length);
  const path = join(debianCache(), name, 'usr', 'src', `linux-headers-${release}`, 'Module.symvers');
  return existsSync(path) ? path : undefined;
}
