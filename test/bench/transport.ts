import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { corpusRoot } from '../corpus-root.ts';
import type { BenchOptions, BenchRow } from './row.ts';

/**
 * The header tree of the corpus' kernel through ikfs, over each of its transports, beside the same tree on tmpfs
 * and in images: compiling with it, the same without the compiler, walking and reading all of it; and lookups
 * while something else is being made.
 *
 * All of it takes place in a mount and a process name space of its own. Whatever is mounted or runs there ends with
 * the first process in it, however that ends.
 */
export async function run({ rounds = 9 }: BenchOptions): Promise<BenchRow[]> {
  const reason = missing();
  if (reason !== undefined) {
    console.error(`skipped: transport: ${reason}`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-bench-'));
  const inside = join(import.meta.dirname, 'transport', 'inside.js');
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
      ...[process.execPath, inside, folder, String(rounds)],
    ],
    { stdio: ['pipe', 'inherit', 'inherit', 'pipe'] },
  );
  // The first process of a process name space does not take SIGINT and SIGTERM; unshare(1) waits it out.
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    const rows = text(child.stdio[3] as Readable);
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (status !== 0) throw new Error(`the measurements ended with ${status ?? signal}`);
    return JSON.parse(await rows) as BenchRow[];
  } finally {
    for (const signal of signals) process.off(signal, stop);
    // What was in it was on a mount that is gone.
    rmdirSync(folder);
  }
}

/** Why nothing can be measured here, or undefined when something can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can mount tmpfs and images';
  if (!existsSync(corpusRoot()))
    return 'the corpus kernel is not there (IKFS_CORPUS names its root directory)';
  const tools = [
    'unshare',
    'mount',
    'cc',
    'clang',
    'strace',
    'objcopy',
    'tar',
    'xz',
    'find',
    'xargs',
    'grep',
  ];
  const absent = tools.filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error);
  return absent.length === 0 ? undefined : `not installed: ${absent.join(', ')}`;
}
