import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianCache } from '../debian-kernels.ts';
import { run } from '../mount/daemon.ts';

/**
 * Debian's headers of a kernel for x86 in one tree, as programs for BPF need them: those that all flavours share under
 * those that one flavour's build has made. Debian keeps them in two packages, which name each other as source and build.
 * @param release `6.1.0-56-cloud-amd64`
 * @param folder where to put it; must not be there
 */
export function mergeHeaders(release: string, folder: string): void {
  const common = release.replace(/-(?:cloud-)?amd64$/, '-common');
  mkdirSync(folder, { recursive: true });
  for (const name of [common, release]) {
    const packaged = join(debianCache(), `linux-headers-${name}`, 'usr', 'src', `linux-headers-${name}`);
    for (const part of ['include', 'arch/x86/include']) {
      mkdirSync(dirname(join(folder, part)), { recursive: true });
      cpSync(join(packaged, part), join(folder, part), { recursive: true });
    }
  }
}

/**
 * The archive that a kernel built with CONFIG_IKHEADERS would carry of these headers: header files only, names with `./`
 * in front (kernel/gen_kheaders.sh).
 */
export async function archiveHeaders(folder: string, archive: string): Promise<void> {
  await run('sh', [
    '-c',
    `cd "$1" && find . -name '*.h' -print0 | LC_ALL=C sort -z |
     tar -c --no-recursion --owner=0 --group=0 --numeric-owner --null -T - | xz -0 > "$2"`,
    'sh',
    folder,
    archive,
  ]);
}
