/*
 * Fetches the Debian kernels that tests read (see debian-kernels.ts) with apt, unless they are there already, and of some
 * the headers, which have the Module.symvers of their build and what bcc and modules are compiled against:
 *
 *   npm run setup && node dist/test/fetch-debian-kernels.js
 *
 * Nothing is installed, root is not needed, and apt's own lists of packages stay as they are: those of all
 * architectures are kept beside the kernels.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  builtSymvers,
  debianCache,
  debianKernels,
  headersPackage,
  newestPackage,
  sharedHeaderPackages,
  symversKernels,
  unpackedPackage,
} from './debian-kernels.ts';
import type { DebianKernel } from './debian-kernels.ts';

/** Options by which apt works for another architecture, with lists of its own. */
function aptFor(architecture: string): string[] {
  const state = join(debianCache(), '.apt', architecture);
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(state, 'cache', 'archives', 'partial'), { recursive: true });
  return [
    `Dir::State::Lists=${join(state, 'lists')}`,
    `Dir::Cache=${join(state, 'cache')}`,
    `APT::Architecture=${architecture}`,
    'APT::Architectures=',
    `APT::Architectures::=${architecture}`,
    'Acquire::Languages=none',
    // As root apt would download as a user that can not write here.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
}

/** The options of aptFor(), the architecture's lists having been fetched in this run. */
const apt = new Map<string, string[]>();

function updatedApt(architecture: string): string[] {
  let options = apt.get(architecture);
  if (!options) {
    options = aptFor(architecture);
    apt.set(architecture, options);
    // A mirror that is being renewed lacks some lists for a while; the others may do.
    spawnSync('apt-get', [...options, '-qq', 'update'], { stdio: 'ignore' });
  }
  return options;
}

/** The package that apt offers for a kernel. */
function offeredPackage(kernel: DebianKernel): string {
  const { names: pattern, architecture } = debianKernels[kernel];
  const search = [...updatedApt(architecture), 'search', '--names-only', pattern.source];
  const found = execFileSync('apt-cache', search, { encoding: 'utf8' });
  const names = found.split('\n').map((line) => line.split(' ', 1)[0] ?? '');
  const newest = newestPackage(kernel, names);
  if (newest === undefined) {
    throw new Error(`apt knows no package ${pattern.source} for ${architecture}; is this Debian 12?`);
  }
  return newest;
}

/** Downloads and unpacks a package; its folder appears in the cache only once it is whole. */
function fetchPackage(name: string, architecture: string): void {
  const scratch = mkdtempSync(join(debianCache(), '.fetch-'));
  try {
    execFileSync('apt-get', [...updatedApt(architecture), 'download', '-qq', name], {
      cwd: scratch,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const archive = readdirSync(scratch).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download left no package of ${name}`);
    execFileSync('dpkg-deb', ['-x', archive, 'unpacked'], {
      cwd: scratch,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    renameSync(join(scratch, 'unpacked'), join(debianCache(), name));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

mkdirSync(debianCache(), { recursive: true });
for (const kernel of Object.keys(debianKernels) as DebianKernel[]) {
  const there = unpackedPackage(kernel);
  if (there !== undefined) {
    console.log(`${kernel}: ${there}`);
    continue;
  }
  const started = performance.now();
  const name = offeredPackage(kernel);
  fetchPackage(name, debianKernels[kernel].architecture);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${kernel}: ${join(debianCache(), name)} (fetched in ${seconds} s)`);
}
for (const kernel of symversKernels) {
  const image = unpackedPackage(kernel);
  if (image === undefined || builtSymvers(kernel) !== undefined) continue;
  const name = headersPackage(basename(image));
  fetchPackage(name, debianKernels[kernel].architecture);
  console.log(`${kernel}: ${join(debianCache(), name)}`);
}
for (const name of sharedHeaderPackages()) {
  if (existsSync(join(debianCache(), name))) continue;
  fetchPackage(name, 'amd64');
  console.log(`6.1: ${join(debianCache(), name)}`);
}
