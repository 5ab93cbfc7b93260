import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackage } from '../../debian-kernels.ts';
import { runCommand } from './commands.ts';
import { mountIkfs } from './ikfs-subject.ts';
import type { Mountpoints } from './peers.ts';
import { lookupsDuring } from './responsiveness.ts';
import type { Responsiveness } from './responsiveness.ts';

/** An artifact to be made, and where names are looked up meanwhile. */
export interface Making {
  readonly artifact: string;
  /** The file whose reading makes it; from the mountpoint. */
  readonly path: string;
  /** The directory in which names are looked up; from the mountpoint. */
  readonly elsewhere: string;
  /** Lists of the directories and files below that, of which the names are taken. */
  readonly directories: string;
  readonly files: string;
  /** Options that name the kernels. */
  readonly sources: readonly string[];
  /** The store to begin with; empty unless given. */
  readonly store?: string;
}

/** The kernel whose headers are looked at. */
export interface HeaderKernel {
  readonly sysroot: string;
  readonly release: string;
  /** Its header tree, unpacked. */
  readonly tree: string;
  /** A store that has that tree. */
  readonly store: string;
}

/**
 * What there is to be made: the header tree while names of the kernel's own directory are looked up, and what is
 * slow to be had of Debian's kernel, if that is there, while names in the header tree are.
 * @param folder where the lists go
 */
export function makings(kernel: HeaderKernel, folder: string): Making[] {
  const list = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const here = list('here', '.\n');
  const nothing = list('nothing', '');
  const ownSources = ['--sysroot', kernel.sysroot];
  const headers: Making = {
    artifact: 'build/',
    path: `${kernel.release}/build/include/linux/kconfig.h`,
    elsewhere: kernel.release,
    directories: here,
    files: nothing,
    sources: ownSources,
  };
  const debian = unpackedPackage('6.1');
  if (debian === undefined) return [headers];
  const [release = ''] = readdirSync(join(debian, 'lib', 'modules'));
  const find = (type: string): string => runCommand('find', ['.', '-type', type], { cwd: kernel.tree });
  const inHeaders = {
    elsewhere: `${kernel.release}/build`,
    directories: list('directories', find('d')),
    files: list('files-by-line', find('f')),
    sources: [
      ...ownSources,
      ...['--image', join(debian, 'boot', `vmlinuz-${release}`)],
      ...['--modules', join(debian, 'lib', 'modules', release)],
    ],
    store: kernel.store,
  };
  return [
    headers,
    { artifact: 'modules.tsv (4,000 modules)', path: `${release}/modules.tsv`, ...inHeaders },
    { artifact: 'btf/vmlinux (xz image)', path: `${release}/btf/vmlinux`, ...inHeaders },
  ];
}

/** Who makes the artifact, and who is asked for names meanwhile. */
export interface Contender {
  readonly name: string;
  readonly transport: string;
  /** A directory outside of the mount to look names up in, to see what the machine alone does to lookups. */
  readonly elsewhere?: string;
}

/**
 * Makes the artifact over a transport, and looks names up meanwhile.
 * @param program `lookups`
 * @param store folder for the store; gone at the end
 */
export async function lookUpWhileMaking(
  making: Making,
  { transport, elsewhere }: Contender,
  { program, store, mountpoints }: { program: string; store: string; mountpoints: Mountpoints },
): Promise<Responsiveness> {
  if (making.store !== undefined) cpSync(making.store, store, { recursive: true });
  const { sources, directories, files } = making;
  const mount = await mountIkfs({ transport, prefetch: false, sources, store }, mountpoints);
  try {
    return await lookupsDuring(program, {
      artifact: join(mount.mountpoint, making.path),
      elsewhere: elsewhere ?? join(mount.mountpoint, making.elsewhere),
      directories,
      files,
    });
  } finally {
    await mount.unmount();
    rmSync(store, { recursive: true });
  }
}
