/*
 * npm run load-kills -- [--count N]: makers of the corpus' kernel's artifacts, `ikfs cat` and `ikfs mount` with a
 * reader, two at a time on one store, are killed with SIGKILL at a random moment, so many times. After each:
 *
 *   - what the killed one had written is the beginning of the right bytes;
 *   - every blob in the store is what its own sums say;
 *   - what it was making is read from that store, and is right.
 *
 * Right is what the kernel's build and objcopy have; for what they have not, what a store of its own gave that nobody was
 * killed at. Status 1 when something was wrong.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { corpusRoot } from '../corpus-root.ts';
import { ikfs, isMounted } from '../mount/daemon.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { Random } from '../random.ts';
import { blobFiles, checkStore } from './store-check.ts';
import { corpusRelease, sha256 } from '../real/truth.ts';
import { corpusTruths } from './truths.ts';

/** Made in one step or in many, small and large. */
const artifacts = [
  'kheaders.tar.xz',
  'build/include/linux/sched.h',
  'build/include/linux/mm.h',
  'config',
  'config.gz',
  'btf/vmlinux',
  'btf/8021q',
  'btf/act_bpf',
  'vmlinux',
  'types/vmlinux.h',
  'types/8021q.h',
  'btf-flat/8021q',
  'btf-flat/all',
  'modules.tsv',
].map((name) => `${corpusRelease}/${name}`);

/** Of so many mounts and commands one is a mount. */
const commandsPerMount = 4;

/**
 * A maker is killed within so many milliseconds after it was started. Follows how fast the machine is at the moment: more
 * after one that was killed, less after one that had ended, so that some end and most do not.
 */
let longestLife = 1500;

/** So long a dead mount may take to be taken away, in milliseconds. */
const patience = 30_000;

const { values } = parseArgs({ options: { count: { type: 'string', default: '1000' } } });
const count = Number(values.count);
const scratch = temporaryFolder();
const store = join(scratch.path, 'store');
const options = ['--sysroot', corpusRoot(), '--cache-dir', store];
const random = new Random(Date.now());
const wrong: string[] = [];
const sums = { cats: 0, mounts: 0, atWork: 0, parts: 0, blobs: 0, unfinished: 0 };

/** The right bytes of each artifact. */
async function rightBytes(): Promise<ReadonlyMap<string, Buffer>> {
  const tree = await openTree({ sysroot: corpusRoot() });
  try {
    const known = corpusTruths();
    const right = new Map<string, Buffer>();
    for (const name of artifacts) {
      const bytes = await tree.read(name);
      const sum = known.get(name);
      if (sum !== undefined && sum !== sha256(bytes))
        wrong.push(`${name} is wrong before anybody was killed`);
      right.set(name, bytes);
    }
    return right;
  } finally {
    tree.close();
  }
}

const right = await rightBytes();

function compare(name: string, bytes: Buffer, when: string): void {
  if (!right.get(name)?.equals(bytes)) wrong.push(`${name} is wrong ${when}`);
}

/** Has an artifact written to a pipe, and kills who does. */
async function killCommand(name: string): Promise<void> {
  const maker = spawn(process.execPath, [ikfs, 'cat', ...options, name], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const parts: Buffer[] = [];
  maker.stdout.on('data', (part: Buffer) => parts.push(part));
  const ended = once(maker, 'close');
  await Promise.race([ended, delay(random.below(Math.ceil(longestLife)))]);
  const isAtWork = maker.kill('SIGKILL');
  if (isAtWork) sums.atWork += 1;
  longestLife = Math.max(200, longestLife * (isAtWork ? 1.1 : 0.8));
  await ended;
  const bytes = Buffer.concat(parts);
  if (bytes.length > 0) sums.parts += 1;
  if (!right.get(name)?.subarray(0, bytes.length).equals(bytes))
    wrong.push(`${name}: wrong bytes were written`);
  sums.cats += 1;
}

let mounts = 0;

/** Has an artifact read through a mount, and kills who serves it. */
async function killMount(name: string): Promise<void> {
  mounts += 1;
  const mountpoint = join(scratch.path, `mount-${mounts}`);
  mkdirSync(mountpoint);
  const daemon = spawn(process.execPath, [ikfs, 'mount', ...options, mountpoint], { stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  const isOver = { value: false };
  const reading = (async () => {
    while (!isOver.value) {
      if (isMounted(mountpoint)) {
        const bytes = await readFile(join(mountpoint, name)).catch(() => undefined);
        if (bytes) sums.parts += 1;
        if (bytes) compare(name, bytes, 'through a mount that is killed');
      }
      await delay(10);
    }
  })();
  await delay(random.below(Math.ceil(longestLife)) + longestLife / 3);
  if (daemon.kill('SIGKILL')) sums.atWork += 1;
  await ended;
  isOver.value = true;
  await reading;
  const deadline = Date.now() + patience;
  while (isMounted(mountpoint) && Date.now() < deadline) await delay(20);
  if (isMounted(mountpoint)) wrong.push(`${mountpoint} is still mounted`);
  sums.mounts += 1;
}

/** Removes some of what was made, so that there is something to make; all of it one time in four. */
function thin(): void {
  if (random.below(4) === 0) rmSync(store, { recursive: true, force: true });
  else for (const path of filesOf()) if (random.below(3) === 0) rmSync(path);
}

function filesOf(): string[] {
  try {
    return blobFiles(store);
  } catch {
    // Nobody has made anything yet.
    return [];
  }
}

/** What was begun and not finished, and is in the way of nobody. */
function unfinished(): number {
  try {
    const files = readdirSync(join(store, 'leases'), { recursive: true, withFileTypes: true });
    return files.filter((entry) => entry.isFile() && entry.name !== 'in-use').length;
  } catch {
    return 0;
  }
}

for (let done = 0; done < count; done += 2) {
  thin();
  const names = [random.pick(artifacts), random.pick(artifacts)];
  await Promise.all(
    names.map((name) => (random.below(commandsPerMount + 1) === 0 ? killMount(name) : killCommand(name))),
  );
  sums.unfinished += unfinished();
  const found = filesOf().length > 0 ? checkStore(store) : { blobs: 0, wrong: [] };
  sums.blobs += found.blobs;
  wrong.push(...found.wrong);
  const tree = await openTree({ sysroot: corpusRoot() }, { store });
  for (const name of new Set(names)) compare(name, await tree.read(name), 'after a kill');
  tree.close();
  if (unfinished() > 0) wrong.push('what was left unfinished is left in the store');
  if ((done + 2) % 20 === 0)
    console.log(`${done + 2} of ${count}: ${JSON.stringify(sums)}, ${wrong.length} wrong`);
}
console.log(
  `${sums.cats} commands and ${sums.mounts} mounts, ${sums.atWork} of them killed before they ended; ${sums.parts} had ` +
    `been read from; ${sums.unfinished} blobs left unfinished; ${sums.blobs} blobs checked; ${wrong.length} wrong`,
);
for (const each of wrong.slice(0, 50)) console.log(`wrong: ${each}`);
if (wrong.length > 0) process.exitCode = 1;
scratch.remove();
