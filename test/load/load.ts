/*
 * npm run load -- [--minutes N] [--processes N]: so many processes walk, read, compile against, and ask about one mount
 * of the corpus' kernel and a Debian one, have the daemon look again, and kill each other, for so many minutes.
 *
 * What is read must be what objcopy, tar and the kernel's build have, or else what was read first; the daemon must have
 * no more memory, descriptors and threads when it is idle after all of it than when it is idle after a minute, but for
 * the allowance; stop in order; and leave no mount, no process and no damaged blob. Prints a line a minute and a table;
 * status 1 when something was wrong.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { corpusRoot } from '../corpus-root.ts';
import { unpackedPackage } from '../debian-kernels.ts';
import { isMounted, startDaemon } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';
import { Random } from '../random.ts';
import { Crew, Tally } from './crew.ts';
import { idleState, processesWith, stateOf } from './daemon-state.ts';
import type { DaemonState } from './daemon-state.ts';
import { checkStore } from './store-check.ts';
import { corpusTruths, moduleTruths } from './truths.ts';

const MiB = 2 ** 20;

/** What a daemon may have more at the end than after a minute, when it is idle both times. */
const allowance = { anonymous: 4 * MiB, descriptors: 4, threads: 1 } as const;

/** So many files a daemon may have open when it is idle; a little more than it keeps open for the next read. */
const mostFiles = 300;

/** Modules of Debian's kernel whose types objcopy looks at. */
const modulesByObjcopy = 100;

/** A line of a daemon that has looked again; it says no other while nothing changes. */
const expected = /^ikfs: looked again: \d+ kernels?$/;

const minute = 60_000;
const seed = 6;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    processes: { type: 'string', default: '8' },
  },
});
const [minutes, processes] = [Number(values.minutes), Number(values.processes)];
if (!(minutes >= 2 && processes >= 1)) {
  console.error('Give at least two minutes and one process');
  process.exit(2);
}

/** What the table at the end has of a daemon. */
function describe({ anonymous, descriptors, files, threads }: DaemonState): string {
  return `${(anonymous / MiB).toFixed(1)} MiB, ${descriptors} descriptors and ${files} files, ${threads} threads`;
}

/** Options that have a system's kernel mounted. */
function sourcesOf(root: string): string[] {
  const [image = ''] = readdirSync(join(root, 'boot')).filter((name) => name.startsWith('vmlinuz'));
  return ['--image', join(root, 'boot', image), '--modules', join(root, 'lib', 'modules')];
}

/** Files whose bytes stay the same, by their path in a mount. */
function filesIn(mountpoint: string): string[] {
  // What a kernel turns out not to have is listed until somebody looks: looked at once, it is missing ever after.
  spawnSync('find', [mountpoint, '-maxdepth', '2', '-size', '0'], { stdio: 'ignore' });
  spawnSync('sh', ['-c', 'ls "$0"/*/build', mountpoint], { stdio: 'ignore' });
  return readdirSync(mountpoint, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'status.json')
    .map((entry) => relative(mountpoint, join(entry.parentPath, entry.name)));
}

/** Lets workers work for a while. */
async function workFor(time: number, crew: Crew, tally: Tally, pid: number, first: number): Promise<void> {
  const whole = Math.round(time / minute);
  for (let done = 0; done < whole; done += 1) {
    await delay(minute);
    const counts = [...tally.counts].map(([did, count]) => `${count} ${did}`).join(', ');
    console.log(`minute ${first + done}: ${counts}; ${describe(stateOf(pid))}; ${tally.wrong.length} wrong`);
  }
  await crew.stop();
}

const scratch = temporaryFolder();
const store = join(scratch.path, 'store');
const debian = unpackedPackage('6.12-cloud');
const roots = [corpusRoot(), ...(debian === undefined ? [] : [debian])];
if (debian === undefined)
  console.error("Debian's kernel 6.12-cloud is not there: the corpus' alone is mounted");
const truths = corpusTruths();
if (debian !== undefined)
  for (const [name, sum] of await moduleTruths(debian, modulesByObjcopy, scratch.path)) truths.set(name, sum);

const daemon = await startDaemon(['--cache-dir', store, ...roots.flatMap(sourcesOf)]);
const pid = daemon.process.pid ?? 0;
const { mountpoint } = daemon;
process.on('exit', () => daemon.process.kill('SIGINT'));
const files = filesIn(mountpoint);
const said = daemon.output().length;
const tally = new Tally(truths);
const random = new Random(seed);
const startCrew = (): Crew =>
  new Crew(processes, {
    ...{ mountpoint, scratch: scratch.path, files, random, tally },
    onHangup: () => daemon.process.kill('SIGHUP'),
  });
console.log(`${roots.length} kernels, ${files.length} files, ${truths.size} known from elsewhere`);

await workFor(minute, startCrew(), tally, pid, 1);
const early = await idleState(pid);
console.log(`idle after a minute: ${describe(early)}`);
await workFor((minutes - 1) * minute, startCrew(), tally, pid, 2);
const late = await idleState(pid);

const status = readFileSync(join(mountpoint, 'status.json'), 'utf8');
const { requests } = JSON.parse(status) as { requests: Record<string, number> };
const { wrong } = tally;
for (const each of Object.keys(allowance) as (keyof typeof allowance)[]) {
  if (late[each] > early[each] + allowance[each])
    wrong.push(`${each} grew from ${early[each]} to ${late[each]}`);
}
if (late.files > mostFiles) wrong.push(`${late.files} files are kept open`);
const lines = daemon.output().slice(said).split('\n');
for (const line of lines) if (line !== '' && !expected.test(line)) wrong.push(`the daemon says: ${line}`);
const stopped = await daemon.stop();
if (stopped !== 0) wrong.push(`the daemon ended with ${stopped}`);
if (isMounted(mountpoint)) wrong.push('the mount is left');
const left = processesWith(mountpoint);
if (left.length > 0) wrong.push(`processes are left: ${left.join(', ')}`);
const checked = checkStore(store);
wrong.push(...checked.wrong);
if (existsSync(join(store, 'leases')) && readdirSync(join(store, 'leases')).length > 0)
  wrong.push('a lease is left in the store');

console.log(
  [
    ['done', [...tally.counts].map(([did, count]) => `${count} ${did}`).join(', ')],
    ['files and directories', `${tally.different} different ones`],
    ['compared', `${tally.compared.truth} with others' bytes, ${tally.compared.first} with the first`],
    ['requests', `${Object.values(requests).reduce((sum, count) => sum + count, 0)}`],
    ['idle after a minute', describe(early)],
    ['idle at the end', describe(late)],
    ['store', `${checked.blobs} blobs, ${Math.round(checked.bytes / MiB)} MiB`],
    ['wrong', String(wrong.length)],
  ]
    .map(([name = '', value = '']) => `${name.padEnd(22)} ${value}`)
    .join('\n'),
);
for (const each of wrong.slice(0, 50)) console.log(`wrong: ${each}`);
if (wrong.length > 0) process.exitCode = 1;
scratch.remove();
