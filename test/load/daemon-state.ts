import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryOf } from '../../daemon/memory/process-memory.ts';

/** What a daemon has of the machine. */
export interface DaemonState {
  /** Memory of its own, in bytes. */
  readonly anonymous: number;
  /** Descriptors of what is no file of a disk: pipes, sockets, devices. */
  readonly descriptors: number;
  /** Files of disks that it has open: some that were read last stay so, up to a limit (native/fuse/blob.h). */
  readonly files: number;
  readonly threads: number;
}

export function stateOf(pid: number): DaemonState {
  const targets = readdirSync(`/proc/${pid}/fd`).map((descriptor) => targetOf(pid, descriptor));
  const files = targets.filter((target) => /^\/(?!dev\/|proc\/)/.test(target)).length;
  return {
    anonymous: memoryOf(pid).anonymous,
    descriptors: targets.length - files,
    files,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** What a descriptor leads to; nothing when it has been closed meanwhile. */
function targetOf(pid: number, descriptor: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return '';
  }
}

/** A daemon lets go of caches 20 seconds after their last use, and of more by and by. */
const idleTime = 40_000;

/** The least of each that a daemon has while nobody asks it for anything. */
export async function idleState(pid: number): Promise<DaemonState> {
  let least = stateOf(pid);
  const deadline = Date.now() + idleTime;
  while (Date.now() < deadline) {
    await delay(500);
    const now = stateOf(pid);
    least = {
      anonymous: Math.min(least.anonymous, now.anonymous),
      descriptors: Math.min(least.descriptors, now.descriptors),
      files: Math.min(least.files, now.files),
      threads: Math.min(least.threads, now.threads),
    };
  }
  return least;
}

/** Processes that have a word among the words of their command line; see proc(5). */
export function processesWith(word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
      } catch {
        return false;
      }
    });
}
