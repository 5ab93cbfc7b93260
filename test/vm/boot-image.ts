/* The disk that the machine of boot-machine.ts boots from: Debian, the corpus' kernel, node, and ikfs installed. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { corpusRoot } from '../requirements.ts';
import { bootRoot } from './boot-root.ts';

/** Where compiled output lies: these tests run from it. */
const dist = dirname(dirname(import.meta.dirname));

/** Where npm -g puts packages on Debian. */
const packagePlace = 'usr/lib/node_modules/ikfs';

const diskMebibytes = 1500;

/** Units of Debian's that this machine has no use for; half of the time that it takes to boot is theirs. */
const masked = [
  ...['getty.target', 'console-getty.service', 'systemd-logind.service', 'systemd-timesyncd.service'],
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'fstrim.timer',
    'logrotate.timer',
  ],
  ...['e2scrub_all.timer', 'e2scrub_reap.service', 'systemd-update-utmp.service', 'remote-fs.target'],
  ...['systemd-update-utmp-runlevel.service', 'systemd-random-seed.service', 'systemd-pcrphase.service'],
  ...['systemd-machine-id-commit.service', 'dev-hugepages.mount'],
];

/** Runs the script of boot-machine.ts when all else has been started, then ends the machine. */
const units = {
  'boot-test.target': `[Unit]
Requires=multi-user.target
After=multi-user.target
Wants=boot-test.service
`,
  'boot-test.service': `[Unit]
After=multi-user.target
SuccessAction=reboot-force
FailureAction=reboot-force
[Service]
Type=oneshot
ExecStart=/bin/mount --mkdir -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none shared /run/shared
ExecStart=/bin/sh -c 'cd /run/shared && /bin/sh script >output 2>&1; echo $? >status'
TimeoutStartSec=infinity
`,
};

/**
 * Makes the disk.
 * @param folder an empty one, which takes some 500 MB
 * @returns path of the disk, an ext4 file system without partitions
 */
export function makeBootDisk(folder: string): string {
  const root = join(folder, 'root');
  execFileSync('cp', ['-a', '--reflink=auto', bootRoot(), root]);
  for (const part of ['boot', 'lib/modules']) {
    cpSync(join(corpusRoot(), part), join(root, part), { recursive: true });
  }
  copyNode(root);
  copyPackage(root);
  const install = [join(dist, 'daemon', 'install-service.js'), '--root', root, '--enable'];
  execFileSync(process.execPath, install, { stdio: ['ignore', 'ignore', 'inherit'] });
  const system = join(root, 'etc/systemd/system');
  for (const name of masked) symlinkSync('/dev/null', join(system, name));
  for (const [name, text] of Object.entries(units)) writeFileSync(join(system, name), text);
  symlinkSync('boot-test.target', join(system, 'default.target'));
  // Without one, every boot would be a first boot.
  rmSync(join(root, 'etc/machine-id'), { force: true });
  writeFileSync(join(root, 'etc/machine-id'), `${'6b69'.repeat(8)}\n`);
  // To try units and such that are not installed.
  const overlay = process.env['IKFS_BOOT_OVERLAY'];
  if (overlay !== undefined) cpSync(overlay, root, { recursive: true });
  const disk = join(folder, 'disk');
  makeFileSystem(disk, diskMebibytes, root);
  rmSync(root, { recursive: true, force: true });
  return disk;
}

/** Makes a file with an ext4 file system. @param content the folder that it begins with, if any */
export function makeFileSystem(path: string, mebibytes: number, content?: string): void {
  writeFileSync(path, '');
  truncateSync(path, mebibytes * 1024 ** 2);
  const from = content === undefined ? [] : ['-d', content];
  execFileSync('/sbin/mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-E', 'nodiscard', ...from, path]);
}

/** The node that runs here, with those of its libraries that the root lacks. */
function copyNode(root: string): void {
  cpSync(process.execPath, join(root, 'usr/bin/node'), { dereference: true });
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [, path = ''] of libraries.matchAll(/=> (\/\S+)/g)) {
    const there = join(root, path);
    if (existsSync(there)) continue;
    mkdirSync(dirname(there), { recursive: true });
    cpSync(path, there, { dereference: true });
  }
}

interface PackageDescription {
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function describedIn(folder: string): PackageDescription {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageDescription;
}

/** What native/build.mjs makes: the addon, and the program that mounts for a fenced daemon. */
const builtHere = ['build/Release/ikfs.node', 'build/Release/ikfs-keeper'];

/** What `npm pack` would take and `npm install -g` make of it, with `builtHere` added; from `dist` as it is. */
function copyPackage(root: string): void {
  const place = join(root, packagePlace);
  const { files, bin } = describedIn(packageRoot);
  mkdirSync(place, { recursive: true });
  for (const name of ['package.json', ...files, ...builtHere]) {
    const from = name.startsWith('dist/') ? join(dist, name.slice('dist/'.length)) : join(packageRoot, name);
    if (existsSync(from)) cpSync(from, join(place, name), { recursive: true });
  }
  for (const name of dependenciesOf(packageRoot)) {
    const from = join(packageRoot, 'node_modules', name);
    cpSync(from, join(place, 'node_modules', name), { recursive: true, dereference: true });
  }
  for (const [name, script] of Object.entries(bin)) {
    chmodSync(join(place, script), 0o755);
    symlinkSync(join('/', packagePlace, script), join(root, 'usr/bin', name));
  }
}

/** Names of all packages that one needs, those of its dependencies as well; npm has put them side by side. */
function dependenciesOf(folder: string, found = new Set<string>()): Set<string> {
  const { dependencies = {}, optionalDependencies = {} } = describedIn(folder);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const place = join(packageRoot, 'node_modules', name);
    if (found.has(name) || !existsSync(place)) continue;
    found.add(name);
    dependenciesOf(place, found);
  }
  return found;
}
