/* A source that hangs on demand, as a file of a network does: it lies in the mount of another ikfs. */
import type { ExecutionContext } from 'ava';
import { spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, release, startService } from './service.ts';

/** A BTF file that can be made to hang. */
export interface HangingSource {
  readonly path: string;
  /** From now on whoever reads it waits, however often it was read before. */
  hang(): Promise<void>;
  /** Lets all go on who wait. */
  release(): void;
}

/** Starts the other ikfs; it lives until the test is over. */
export async function hangingSource(t: ExecutionContext): Promise<HangingSource> {
  const server = startService(t);
  await eventually('the source is there', () => server.stdout().endsWith('Ctrl-C unmounts\n'));
  const path = join(server.mountpoint, release, 'btf/vmlinux');
  await stat(path);
  return {
    path,
    async hang() {
      server.process.kill('SIGSTOP');
      await eventually('it is stopped', async () =>
        /^State:\sT/m.test(await readFile(`/proc/${server.process.pid}/status`, 'utf8')),
      );
      // Its pages are dropped from the kernel's cache (POSIX_FADV_DONTNEED).
      spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0']);
    },
    release() {
      server.process.kill('SIGCONT');
    },
  };
}
