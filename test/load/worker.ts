/*
 * One of the processes of `npm run load`. Arguments: the mountpoint, a folder of its own, a seed. It is sent the list
 * of files first, then chooses at random what to do, tells each thing that it did, and goes on until it is told to
 * stop, or is killed.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { compile } from '../mount/compile.ts';
import { Random } from '../random.ts';
import { corpusRelease, sha256 } from '../real/truth.ts';

/** What a worker tells. `sum` of what has to be the same each time, under the name of what it is. */
export type Told =
  | { readonly did: 'walk' | 'read' | 'compile' | 'status'; readonly name: string; readonly sum?: string }
  | { readonly did: 'hangup' | 'kill' }
  | { readonly did: 'fail'; readonly name: string; readonly problem: string };

/** What a worker is told. */
export type Order = { readonly files: readonly string[] } | 'stop';

const run = promisify(execFile);
const [, , mountpoint = '', scratch = '', seed = ''] = process.argv;
const random = new Random(Number(seed));
let isStopped = false;

/** So often of a hundred times each is done. */
const shares = { read: 70, walk: 8, compile: 8, status: 10, hangup: 2, kill: 2 } as const;
const deeds = Object.entries(shares).flatMap(([deed, share]) =>
  Array.from({ length: share }, () => deed as keyof typeof shares),
);

/** Files that are read one after the other, so that a read costs more than the telling. */
const readsAtOnce = 20;

const bpfProgram = `
#include "vmlinux.h"
__attribute__((section("kprobe/x"), used)) int on_call(struct task_struct *task) { return task->pid; }
`;

async function compileForBpf(): Promise<void> {
  const source = join(scratch, 'program.bpf.c');
  writeFileSync(source, bpfProgram);
  const types = join(mountpoint, corpusRelease, 'types');
  await run('clang', ['-target', 'bpf', '-O2', '-g', '-w', '-I', types, '-c', source, '-o', `${source}.o`]);
}

/** Lists a directory and all below it with sizes, kinds and times, by find. */
async function walk(folder: string): Promise<string> {
  const { stdout, stderr } = await run('find', [folder, '-printf', '%P %y %s %m %T@\\n'], {
    maxBuffer: 2 ** 28,
  });
  if (stderr !== '') throw new Error(stderr);
  return sha256(Buffer.from(stdout.split('\n').sort().join('\n')));
}

async function act(files: readonly string[]): Promise<Told> {
  const did = random.pick(deeds);
  let name = did as string;
  try {
    switch (did) {
      case 'read': {
        for (let more = readsAtOnce; more > 1; more -= 1) {
          name = random.pick(files);
          tell({ did, name, sum: sha256(await readFile(join(mountpoint, name))) });
        }
        name = random.pick(files);
        return { did, name, sum: sha256(await readFile(join(mountpoint, name))) };
      }
      case 'walk':
        name = dirname(random.pick(files));
        return { did, name: `${name}/`, sum: await walk(join(mountpoint, name)) };
      case 'compile':
        if (random.below(2) === 0) await compileForBpf();
        else await compile(join(mountpoint, corpusRelease, 'build'), scratch);
        return { did, name };
      case 'status':
        JSON.parse(await readFile(join(mountpoint, 'status.json'), 'utf8'));
        return { did, name };
      default:
        return { did };
    }
  } catch (error) {
    return { did: 'fail', name, problem: error instanceof Error ? error.message : String(error) };
  }
}

function tell(told: Told): void {
  process.send?.(told);
}

async function work(files: readonly string[]): Promise<void> {
  mkdirSync(scratch, { recursive: true });
  while (!isStopped) tell(await act(files));
  process.disconnect();
}

process.on('message', (order: Order) => {
  if (order === 'stop') isStopped = true;
  else void work(order.files);
});
