/*
 * Fetches the Debian kernels that tests read (see debian-kernels.ts) with apt, unless they are there already:
 *
 *   npm run setup && node dist/test/fetch-debian-kernels.js
 *
 * Nothing is installed, and root is not needed. The package lists must be there (apt-get update).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { debianCache, debianKernels, newestPackage, unpackedPackage } from './debian-kernels.ts';
import type { DebianKernel } from './debian-kernels.ts';

/** The package that apt offers for a kernel. */
function offeredPackage(kernel: DebianKernel): string {
  const pattern = debianKernels[kernel].source;
  const found = execFileSync('apt-cache', ['search', '--names-only', pattern], { encoding: 'utf8' });
  const names = found.split('\n').map((line) => line.split(' ', 1)[0] ?? '');
  const newest = newestPackage(kernel, names);
  if (newest === undefined) {
    throw new Error(`apt knows no package ${pattern}; is this Debian 12, and was apt-get update run?`);
  }
  return newest;
}

/** Downloads and unpacks a package; its folder appears in the cache only once it is whole. */
function fetchPackage(name: string): void {
  const scratch = mkdtempSync(join(debianCache(), '.fetch-'));
  try {
    // As root apt would download as a user that can not write here.
    execFileSync('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], {
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
  const name = offeredPackage(kernel);
  const started = performance.now();
  fetchPackage(name);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${kernel}: ${join(debianCache(), name)} (fetched in ${seconds} s)`);
}
