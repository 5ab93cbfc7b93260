import { posix } from 'node:path';
import type { Catalogue } from '../artifact/catalogue.ts';
import type { Kernel } from '../artifact/kernel.ts';
import type { KernelArtifact } from '../artifact/kinds.ts';
import type { Inodes } from './inodes.ts';
import type { DirectoryNode, LinkNode, Node } from './node.ts';
import { directoryNode, linkNode } from './nodes.ts';

/** The directory's name in the root of the tree. */
export const sysrootName = 'sysroot';

/** A path that tools look at, and what of a kernel it leads to. */
interface KnownPath {
  /** Without the leading slash. */
  readonly path: string;
  /** What must be there for the path to be: an artifact, or any module's BTF. */
  readonly needs: KernelArtifact | 'btf';
  /** Path below the kernel's directory. */
  readonly leadsTo: string;
}

/** Paths that do not name a release: what the running kernel itself shows, or would. */
const ofRunning: readonly KnownPath[] = [
  { path: 'proc/version', needs: 'version', leadsTo: 'version' },
  { path: 'proc/config.gz', needs: 'config.gz', leadsTo: 'config.gz' },
  // Where kernels of 5.2's release candidates had it; bcc has looked there.
  { path: 'proc/kheaders.tar.xz', needs: 'kheaders.tar.xz', leadsTo: 'kheaders.tar.xz' },
  { path: 'sys/kernel/kheaders.tar.xz', needs: 'kheaders.tar.xz', leadsTo: 'kheaders.tar.xz' },
  { path: 'sys/kernel/btf', needs: 'btf', leadsTo: 'btf' },
];

/**
 * Paths that name a release, which every kernel has. Of those that are the same the first counts whose artifact is there. Who reads them: bcc's kbuild_helper.cc and bpftrace's kernel.cpp
 * (build, source), libbpf's btf.c (vmlinux-R in boot/ and lib/modules/R/), bpftool's common.c (config-R), falcoctl and Pixie
 * (lib/modules/R/config).
 */
const ofEach: (release: string) => readonly KnownPath[] = (release) => [
  { path: `boot/config-${release}`, needs: 'config', leadsTo: 'config' },
  { path: `boot/vmlinux-${release}`, needs: 'vmlinux', leadsTo: 'vmlinux' },
  { path: `lib/modules/${release}/build`, needs: 'build', leadsTo: 'build' },
  { path: `lib/modules/${release}/source`, needs: 'build', leadsTo: 'build' },
  // Where there is no archive.
  { path: `lib/modules/${release}/build`, needs: 'bpf-headers', leadsTo: 'bpf-headers' },
  { path: `lib/modules/${release}/source`, needs: 'bpf-headers', leadsTo: 'bpf-headers' },
  { path: `lib/modules/${release}/config`, needs: 'config', leadsTo: 'config' },
  { path: `lib/modules/${release}/vmlinux-${release}`, needs: 'vmlinux', leadsTo: 'vmlinux' },
];

/** A known path of one kernel. */
interface Lead extends KnownPath {
  readonly kernel: Kernel;
}

/**
 * sysroot/: links to the artifacts at the absolute paths that tools have built in, so that a root file system can be
 * laid out by copying or binding it. Paths that name no release are the running kernel's, and missing when that was
 * not found.
 */
export function sysrootDirectory(catalogue: Catalogue, modified: number, inodes: Inodes): DirectoryNode {
  const running = catalogue.kernels.get(catalogue.running ?? '');
  const leads: Lead[] = [
    ...(running ? ofRunning.map((known) => ({ ...known, kernel: running })) : []),
    ...[...catalogue.kernels.values()].flatMap((kernel) =>
      ofEach(kernel.release).map((known) => ({ ...known, kernel })),
    ),
  ];
  return folderOf('', leads, modified, inodes);
}

/** A folder of sysroot/. @param path below it @param leads all that lies below it */
function folderOf(path: string, leads: readonly Lead[], modified: number, inodes: Inodes): DirectoryNode {
  const here = posix.join(sysrootName, path);
  const childNames = (): string[] => [
    ...new Set(leads.filter(isThere).map((lead) => firstName(posix.relative(path, lead.path)))),
  ];
  const child = (name: string): Node | undefined => {
    const below = posix.join(path, name);
    const under = leads.filter((lead) => lead.path === below || lead.path.startsWith(`${below}/`));
    const [first] = under.filter(isThere);
    if (!first) return undefined;
    return first.path === below ? linkTo(first, modified, inodes) : folderOf(below, under, modified, inodes);
  };
  return directoryNode(inodes.of(here), modified, {
    list: () =>
      Promise.resolve(
        childNames().flatMap((name) => {
          const node = child(name);
          return node ? [{ name, kind: node.kind, inode: node.inode }] : [];
        }),
      ),
    lookup: async (name) => {
      if (name === '' || name.includes('/')) return undefined;
      await decide(leads.filter((lead) => lead.path === posix.join(path, name)));
      return child(name);
    },
  });
}

/** Finds out which of several artifacts a path leads to, where only making one tells whether it is there. */
async function decide(rivals: readonly Lead[]): Promise<void> {
  for (const { kernel, needs } of rivals.slice(0, -1)) {
    if (needs === 'build' && kernel.evidence(needs) === 'possible') await kernel.artifact('kheaders.tar.xz');
  }
}

function firstName(path: string): string {
  return path.split('/')[0] ?? path;
}

function isThere({ kernel, needs }: Lead): boolean {
  if (needs === 'btf') return kernel.hasModules() || kernel.evidence('btf/vmlinux') !== 'none';
  return kernel.evidence(needs) !== 'none';
}

function linkTo({ kernel, path, needs, leadsTo }: Lead, modified: number, inodes: Inodes): LinkNode {
  const target = posix.relative(
    posix.dirname(posix.join('/', sysrootName, path)),
    posix.join('/', kernel.release, leadsTo),
  );
  // Where several artifacts may be meant, it has its number before it is known which is.
  const state = needs === 'build' || needs === 'bpf-headers' ? String(kernel.serial) : target;
  return linkNode(inodes.of(posix.join(sysrootName, path), state), modified, target);
}
