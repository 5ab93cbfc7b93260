import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { native } from '../../src/native.ts';

const ofSystem = '/proc/pressure/memory';

/** The file in which the kernel tells of pressure on the control group of this process; cgroup v2 has one. */
function ofControlGroup(): string | undefined {
  try {
    const line = readFileSync('/proc/self/cgroup', 'utf8')
      .split('\n')
      .find((each) => each.startsWith('0::'));
    // The root's is the system's.
    const path = line?.slice('0::'.length);
    if (path === undefined || path === '/') return undefined;
    return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
      .map((folder) => join(folder, path, 'memory.pressure'))
      .find((file) => existsSync(file));
  } catch {
    return undefined;
  }
}

/**
 * Waits for the kernel to say that programs are held up for lack of memory: those of this process's control group
 * where it has one, and all.
 * @returns what ends it; it does nothing where the kernel tells nobody, or not this process
 */
export function onPressure(listener: () => void): () => void {
  const ends = [ofControlGroup(), ofSystem].flatMap((path) => {
    if (path === undefined) return [];
    try {
      return [native?.memory.watchPressure(path, listener) ?? (() => undefined)];
    } catch {
      // Without CONFIG_PSI, before 5.2, or where /proc is read-only: idle time and --memory-limit remain.
      return [];
    }
  });
  return () => {
    for (const end of ends) end();
  };
}
