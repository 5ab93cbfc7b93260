/*
 * npm run load-flips -- [--every N] [--inputs N]: single bits are turned over while a kernel is mounted, each followed by
 * a read through the mount that the kernel's cache does not answer.
 *
 *   - one in each 4 KiB of every file of the store (in every Nth with --every);
 *   - so many in a copy of the image and of two modules, of which every other keeps its time of modification.
 *
 * What is read must be an error or right: what it was before, or for a module what objcopy finds in it as it is now.
 * Status 1 when it was neither.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, cpSync, openSync, readSync } from 'node:fs';
import { readdirSync, statSync, utimesSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { corpusRoot } from '../corpus-root.ts';
import { startDaemon } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';
import { Random } from '../random.ts';
import { blobFiles } from './store-check.ts';
import { corpusRelease, sha256 } from '../real/truth.ts';
import { corpusTruths, typesSection } from './truths.ts';

const regionSize = 4096;
const recordSize = 512;

const { values } = parseArgs({
  options: { every: { type: 'string', default: '1' }, inputs: { type: 'string', default: '200' } },
});
const every = Number(values.every);
const random = new Random(7);
const scratch = temporaryFolder();
const root = join(scratch.path, 'root');
for (const part of ['boot', 'lib']) cpSync(join(corpusRoot(), part), join(root, part), { recursive: true });
const store = join(scratch.path, 'store');
const truths = corpusTruths();
const wrong: string[] = [];
const tally = { flips: 0, reads: 0, errors: 0, right: 0, changed: 0 };

/** What is read of the mount beside headers; made at the start, so that the store holds it. */
const artifacts = ['kheaders.tar.xz', 'config', 'btf/vmlinux', 'btf/8021q', 'btf/8139too'];
const made = ['vmlinux', 'types/vmlinux.h', 'types/8021q.h', 'btf-flat/8021q', 'modules.tsv'];

const daemon = await startDaemon(['--sysroot', root, '--cache-dir', store, '--no-prefetch']);
process.on('exit', () => daemon.process.kill('SIGINT'));

/** Reads past the kernel's cache. @returns its checksum, or undefined for an error */
async function readNow(name: string): Promise<string | undefined> {
  try {
    const path = join(daemon.mountpoint, corpusRelease, name);
    const file = await open(path, constants.O_RDONLY | constants.O_DIRECT);
    try {
      return sha256(await file.readFile());
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Turns a bit over. @returns what turns it back in the same file */
function flip(path: string, at: number): () => void {
  const descriptor = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, at);
  tally.flips += 1;
  const before = Buffer.from(byte);
  byte[0] = (byte[0] ?? 0) ^ (1 << random.below(8));
  writeSync(descriptor, byte, 0, 1, at);
  return () => {
    writeSync(descriptor, before, 0, 1, at);
    closeSync(descriptor);
  };
}

/** @param now what it may be beside what it was */
function judge(name: string, sum: string | undefined, where: string, now?: string): void {
  tally.reads += 1;
  if (sum === undefined) tally.errors += 1;
  else if (sum === truths.get(`${corpusRelease}/${name}`)) tally.right += 1;
  else if (sum === now) tally.changed += 1;
  else wrong.push(`${name} is wrong after a flip ${where}`);
}

/** The name of the file that lies in each region of an archive, by tar; nothing for what is no archive. */
function filesByRegion(path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const listing = (() => {
    try {
      return execFileSync('tar', ['-tvRf', path], {
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 2 ** 26,
      });
    } catch {
      return Buffer.alloc(0);
    }
  })();
  for (const line of listing.toString().split('\n')) {
    const [, block, size, name] = /^block (\d+): -\S+ \S+ +(\d+) \S+ \S+ (.+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const start = (Number(block) + 1) * recordSize;
    for (let at = start; at < start + Number(size); at += regionSize - (at % regionSize))
      names.set(Math.floor(at / regionSize), `build/${name.replace(/^\.\//, '')}`);
  }
  return names;
}

for (const name of made) truths.set(`${corpusRelease}/${name}`, (await readNow(name)) ?? 'unreadable');
for (const name of [...artifacts, 'build/include/linux/sched.h']) {
  if ((await readNow(name)) !== truths.get(`${corpusRelease}/${name}`))
    wrong.push(`${name} is wrong beforehand`);
}

// A file that is found damaged is replaced, so each flip looks for the one that has its name then.
for (const path of blobFiles(store)) {
  const { size } = statSync(path);
  const inArchive = filesByRegion(path);
  const regions = Math.ceil(size / regionSize);
  console.log(`${path}: ${regions} regions, ${inArchive.size} of them in files; ${JSON.stringify(tally)}`);
  const step = regions > 64 ? every : 1;
  for (let region = random.below(step); region < regions; region += step) {
    const start = region * regionSize;
    const at = start + random.below(Math.min(regionSize, size - start));
    let turnBack: () => void;
    try {
      turnBack = flip(path, at);
    } catch {
      // It is being made anew.
      continue;
    }
    const name = inArchive.get(region);
    const names = name === undefined ? [...artifacts, ...made] : [name];
    for (const each of names) judge(each, await readNow(each), `at ${at} of ${path}`);
    turnBack();
  }
}
console.log(`store: ${JSON.stringify(tally)}, ${wrong.length} wrong`);

const image = join(
  root,
  'boot',
  readdirSync(join(root, 'boot')).find((name) => name.startsWith('vmlinuz')) ?? '',
);
const modules = readdirSync(join(root, 'lib'), { recursive: true, withFileTypes: true })
  .filter((entry) => /^(8021q|8139too)\.ko$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));
const inputs = [image, ...modules];
for (let done = 0; done < Number(values.inputs); done += 1) {
  const path = random.pick(inputs);
  const { size, atime, mtime } = statSync(path);
  const at = random.below(size);
  const turnBack = flip(path, at);
  const isHidden = done % 2 === 0;
  if (isHidden) utimesSync(path, atime, mtime);
  // Every third time it is looked at again, as a system that noticed the change would have it.
  if (done % 3 === 0) daemon.process.kill('SIGHUP');
  const names =
    path === image
      ? ['config', 'btf/vmlinux', 'types/vmlinux.h']
      : [`btf/${/(\w+)\.ko$/.exec(path)?.[1] ?? ''}`];
  const types = path === image ? undefined : await typesSection(path, scratch.path);
  for (const name of names)
    judge(
      name,
      await readNow(name),
      `at ${at} of ${path}${isHidden ? ', hidden' : ''}`,
      types && sha256(types),
    );
  turnBack();
  utimesSync(path, atime, mtime);
}
console.log(`store and inputs: ${JSON.stringify(tally)}, ${wrong.length} wrong`);
const damaged = daemon.output().match(/was damaged/g)?.length ?? 0;
console.log(`the daemon told of ${damaged} damaged blobs`);
const stopped = await daemon.stop();
if (stopped !== 0) wrong.push(`the daemon ended with ${stopped}`);
for (const each of wrong.slice(0, 50)) console.log(`wrong: ${each}`);
if (wrong.length > 0) process.exitCode = 1;
scratch.remove();
