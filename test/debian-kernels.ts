import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The kernels of Debian that tests read, each for the compression of its image and modules. */
export type DebianKernel = '6.1' | '6.1-cloud' | '6.12-cloud';

/** Names of the packages, of which the newest counts; Debian puts the build's number into the name. */
export const debianKernels: Readonly<Record<DebianKernel, RegExp>> = {
  /** Image in xz, 4,000 plain modules. */
  '6.1': /^linux-image-6\.1\.0-[0-9]+-amd64-unsigned$/,
  /** Image in lz4. */
  '6.1-cloud': /^linux-image-6\.1\.0-[0-9]+-cloud-amd64-unsigned$/,
  /** Image in zstd, modules in xz. */
  '6.12-cloud': /^linux-image-6\.12\.[^-]+-cloud-amd64$/,
};

/** Where the packages lie unpacked, each in a folder of its name; outside of any checkout, for all to share. */
export function debianCache(): string {
  return process.env['IKFS_DEBIAN_CACHE'] ?? join(homedir(), '.cache', 'ikfs-test', 'debian');
}

/** The newest of the names that a kernel's package may have; versions are compared as numbers. */
export function newestPackage(kernel: DebianKernel, names: readonly string[]): string | undefined {
  const { compare } = new Intl.Collator('en', { numeric: true });
  return names
    .filter((name) => debianKernels[kernel].test(name))
    .sort(compare)
    .at(-1);
}

/** The folder of a kernel's unpacked package, or undefined when it was not fetched. */
export function unpackedPackage(kernel: DebianKernel): string | undefined {
  const cache = debianCache();
  const name = existsSync(cache) ? newestPackage(kernel, readdirSync(cache)) : undefined;
  return name === undefined ? undefined : join(cache, name);
}
