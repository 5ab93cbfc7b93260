import { execFileSync, spawnSync } from 'node:child_process';
import type { ExecFileSyncOptions } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { debianCache } from '../debian-kernels.ts';

/** Releases of Debian whose kernels' headers are looked for, in this machine's own mirror. */
const suites = ['bullseye', 'bookworm', 'bookworm-backports', 'trixie', 'trixie-backports', 'sid'];
const securitySuites = ['bullseye-security', 'bookworm-security', 'trixie-security'];

/** Where this machine's own apt has a suite from. */
function mirrorOf(suite: string): string {
  const format = '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)';
  const targets = execFileSync('apt-get', ['indextargets', '--format', format], { encoding: 'utf8' });
  const own = targets.split('\n').find((line) => line.startsWith(`Packages ${suite} main `));
  const uri = own?.split(' ')[3];
  if (uri === undefined) throw new Error(`apt has no ${suite} on this machine; is it Debian?`);
  return uri;
}

/** Options by which apt knows the packages of all these suites, with lists of its own. */
function aptForAllSuites(): string[] {
  const state = join(debianCache(), '.apt', 'suites');
  for (const folder of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(state, folder), { recursive: true });
  const [, own = ''] = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  const lines = [
    ...suites.map((suite) => `deb ${mirrorOf(own)} ${suite} main`),
    ...securitySuites.map((suite) => `deb ${mirrorOf(`${own}-security`)} ${suite} main`),
  ];
  writeFileSync(join(state, 'sources.list'), `${lines.join('\n')}\n`);
  return [
    `Dir::State::Lists=${join(state, 'lists')}`,
    `Dir::State::status=/dev/null`,
    `Dir::Cache=${join(state, 'cache')}`,
    `Dir::Etc::SourceList=${join(state, 'sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    'Acquire::Languages=none',
    // As root apt would download as a user that can not write here.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
}

let updated: string[] | undefined;

/** The options of aptForAllSuites(), the lists having been fetched in this run. */
function apt(): string[] {
  if (updated) return updated;
  updated = aptForAllSuites();
  // A suite that has gone or is being renewed lacks lists; the others may do.
  spawnSync('apt-get', [...updated, '-qq', 'update'], { stdio: 'ignore' });
  return updated;
}

/** Downloads and unpacks a package; its folder appears in the cache only once it is whole. */
function fetchPackage(name: string): void {
  mkdirSync(debianCache(), { recursive: true });
  const scratch = mkdtempSync(join(debianCache(), '.fetch-'));
  const quietly: ExecFileSyncOptions = { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] };
  try {
    execFileSync('apt-get', [...apt(), 'download', '-qq', name], quietly);
    const archive = readdirSync(scratch).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download left no package of ${name}`);
    execFileSync('dpkg-deb', ['-x', archive, 'unpacked'], quietly);
    renameSync(join(scratch, 'unpacked'), join(debianCache(), name));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The newest of the packages that all flavours of a series share. */
function newestCommon(series: string, names: readonly string[]): string | undefined {
  const prefix = `linux-headers-${series}.`;
  const { compare } = new Intl.Collator('en', { numeric: true });
  return names
    .filter((name) => name.startsWith(prefix) && name.endsWith('-common'))
    .sort(compare)
    .at(-1);
}

/** What a package of headers has put below /usr/src. */
export function packagedTree(name: string): string {
  return join(debianCache(), name, 'usr', 'src', name);
}

/**
 * The packages of a series' headers, of the newest kernel that the cache has or else that Debian has: what all flavours
 * share, for all architectures, and what the build of the usual one for amd64 has made. Fetched with apt if need be.
 * @param series `6.1`
 * @returns names of the packages, which lie in the cache then
 */
export function debianHeaders(series: string): string[] {
  const there = existsSync(debianCache()) ? readdirSync(debianCache()) : [];
  let common = newestCommon(series, there);
  if (common === undefined) {
    const search = [...apt(), 'search', '--names-only', '^linux-headers-.*-common$'];
    const lines = execFileSync('apt-cache', search, { encoding: 'utf8' }).split('\n');
    common = newestCommon(
      series,
      lines.map((line) => line.split(' ', 1)[0] ?? ''),
    );
  }
  if (common === undefined) throw new Error(`Debian has no headers of ${series}`);
  const packages = [common, common.replace(/-common$/, '-amd64')];
  for (const name of packages) if (!there.includes(name)) fetchPackage(name);
  return packages;
}
