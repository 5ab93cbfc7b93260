import { readFileSync } from 'node:fs';

/** What a process has in memory, in bytes (proc(5), /proc/PID/status). */
export interface ProcessMemory {
  /** Memory of its own, apart from any file. */
  readonly anonymous: number;
  /** Memory that it shares, such as its memory files while they are mapped. */
  readonly shared: number;
  /** Pages of files that it maps: programs and libraries. */
  readonly ofFiles: number;
  /** The most that the three have been together. */
  readonly peak: number;
}

/** @param pid a process id, or `self`. @throws Error when there is no such process */
export function memoryOf(pid: number | 'self'): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
  return {
    anonymous: bytes('RssAnon'),
    shared: bytes('RssShmem'),
    ofFiles: bytes('RssFile'),
    peak: bytes('VmHWM'),
  };
}
