/*
 * Groups of processes with a bound on their memory: of cgroup v2 where it has the memory controller, else of v1 together
 * with one of v2, which tells of pressure all the same (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Where systemd, OpenRC and others mount cgroup v2. */
const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];
const firstHierarchy = '/sys/fs/cgroup/memory';

/** How long processes may take to end, in milliseconds. */
const patience = 10_000;

/** A group of processes. */
export interface ControlGroup {
  /** Does something as a member; whatever is started then is in the group, and stays. */
  within<T>(work: () => Promise<T>): Promise<T>;
  /** How often the kernel has killed for lack of memory in it. */
  kills(): number;
  /** Waits until its processes have ended, and removes it. */
  remove(): Promise<void>;
}

/** @param bytes the most memory that it may have @returns or why there can be none */
export function controlGroup(bytes: number): ControlGroup | string {
  const name = `ikfs-test-${process.pid}-${Math.floor(performance.now())}`;
  const unified = roots.find((root) => existsSync(join(root, 'cgroup.controllers')));
  if (unified === undefined) return 'no cgroup v2 is mounted';
  const hasMemory = read(join(unified, 'cgroup.controllers')).split(/\s/).includes('memory');
  const folders = [join(unified, name), ...(hasMemory ? [] : [join(firstHierarchy, name)])];
  const limited = folders.at(-1) ?? '';
  const before = membership(unified, hasMemory);
  try {
    if (hasMemory) writeFileSync(join(unified, 'cgroup.subtree_control'), '+memory');
    for (const folder of folders) mkdirSync(folder);
    writeFileSync(join(limited, hasMemory ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes));
    // Missing without CONFIG_PSI; cgroup.pressure (cgroup-v2.rst) or psi=0 make opening fail.
    read(join(unified, name, 'memory.pressure'));
  } catch (error) {
    for (const folder of folders) if (existsSync(folder)) rmdirSync(folder);
    return `no control group with a bound on memory: ${error instanceof Error ? error.message : String(error)}`;
  }
  return {
    async within(work) {
      for (const folder of folders) enter(folder);
      try {
        return await work();
      } finally {
        for (const folder of before) enter(folder);
      }
    },
    kills() {
      const counts = read(join(limited, hasMemory ? 'memory.events' : 'memory.oom_control'));
      return Number(/^oom_kill (\d+)$/m.exec(counts)?.[1]);
    },
    async remove() {
      const deadline = Date.now() + patience;
      for (const folder of folders) {
        while (read(join(folder, 'cgroup.procs')) !== '' && Date.now() < deadline) await delay(10);
        rmdirSync(folder);
      }
    },
  };
}

/** The groups that this process is in. */
function membership(unified: string, hasMemory: boolean): string[] {
  const lines = read('/proc/self/cgroup').split('\n');
  const path = (begin: RegExp): string => lines.find((line) => begin.test(line))?.replace(begin, '') ?? '/';
  const first = hasMemory ? [] : [join(firstHierarchy, path(/^\d+:memory:/))];
  return [join(unified, path(/^0::/)), ...first];
}

function enter(folder: string): void {
  writeFileSync(join(folder, 'cgroup.procs'), String(process.pid));
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}
