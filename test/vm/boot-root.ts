/* A Debian root as it is installed, with systemd, for the machine of boot-machine.ts. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianCache } from '../debian-kernels.ts';

const release = 'bookworm';

/** Beyond what every Debian has: the init system, and modprobe. */
const packages = ['systemd', 'systemd-sysv', 'kmod'];

/** What nobody in the machine looks at, and only makes its disk large. */
const superfluous = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
];

/** The mirror that apt uses on this machine, for the main archive. */
function mirror(): string {
  const said = execFileSync('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const sites = said.split('\n').filter((site) => /\/debian\/?$/.test(site));
  return sites[0] ?? 'http://deb.debian.org/debian';
}

/**
 * The folder with the root: as root of this machine would see it, so it needs root to make and to read. Made with
 * debootstrap at first use, which takes some minutes and apt's mirror, and kept beside the Debian kernels.
 */
export function bootRoot(): string {
  const cache = join(dirname(debianCache()), 'boot');
  const root = join(cache, `${release}-${packages.join('-')}`);
  if (existsSync(root)) return root;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, '.making-'));
  const made = join(scratch, 'root');
  try {
    execFileSync(
      'debootstrap',
      ['--variant=minbase', `--include=${packages.join(',')}`, release, made, mirror()],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    for (const path of superfluous) rmSync(join(made, path), { recursive: true, force: true });
    renameSync(made, root);
  } catch (error) {
    const log = join(made, 'debootstrap', 'debootstrap.log');
    if (existsSync(log)) process.stderr.write(readFileSync(log, 'utf8').slice(-2000));
    throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return root;
}
