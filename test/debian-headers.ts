import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianCache } from './debian-kernels.ts';

/** Headers of a kernel of Debian, which come in two packages. */
export interface DebianHeaders {
  /** Names of the packages without `linux-headers-`: what all flavours share, and what the build of one has made. */
  readonly common: string;
  readonly flavour: string;
  /** As folders in arch/ are called; the first is the kernel's own. */
  readonly architectures: readonly [string, ...string[]];
}

/** Headers that clang has trouble with, by the kernel's architecture; they lie unpacked beside the kernels. */
export const debianHeaders = {
  x86: { common: '6.12.117+deb12-common', flavour: '6.12.117+deb12-cloud-amd64', architectures: ['x86'] },
  arm64: {
    common: '6.12.117+deb12-common',
    flavour: '6.12.117+deb12-arm64',
    architectures: ['arm64', 'arm'],
  },
  powerpc: { common: '6.1.0-56-common', flavour: '6.1.0-50-powerpc64le', architectures: ['powerpc'] },
} as const satisfies Readonly<Record<string, DebianHeaders>>;

/** Why some of them are not to be had, or undefined when all are. */
export function missingHeaderPackages(): string | undefined {
  const names = Object.values(debianHeaders).flatMap(({ common, flavour }) => [common, flavour]);
  const absent = names.find((name) => !existsSync(folderOf(name)));
  return absent && `linux-headers-${absent} is not in ${debianCache()}`;
}

/** Puts the headers of both packages into one tree. */
export function mergeDebianHeaders({ common, flavour, architectures }: DebianHeaders, tree: string): void {
  for (const name of [common, flavour]) {
    for (const part of ['include', ...architectures.map((each) => `arch/${each}/include`)]) {
      const from = join(folderOf(name), part);
      if (!existsSync(from)) continue;
      mkdirSync(dirname(join(tree, part)), { recursive: true });
      cpSync(from, join(tree, part), { recursive: true });
    }
  }
}

function folderOf(name: string): string {
  return join(debianCache(), `linux-headers-${name}`, 'usr', 'src', `linux-headers-${name}`);
}
