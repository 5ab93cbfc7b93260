import { setFlagsFromString } from 'node:v8';
import type { HeldMemory } from '../../src/artifact/held-memory.ts';
import { decodingTurns } from '../../src/codec/turns.ts';
import { native } from '../../src/native.ts';
import type { NativeMemory } from '../../src/native.ts';
import { onPressure } from './pressure.ts';
import { memoryOf } from './process-memory.ts';

/** How a daemon's memory is kept small. Times are milliseconds. */
export interface MemoryKeeping {
  /** How much memory of its own it may take before caches are let go of, in bytes. */
  readonly mostBytes?: number | undefined;
  /** How long nobody must have asked for anything for caches to be let go of. */
  readonly idle?: number;
  /** Caches are not let go of again within this time for lack of memory. */
  readonly pause?: number;
  /** What can be done about this process; nothing without the addon. */
  readonly process?: NativeMemory | undefined;
  /** Calls a listener on memory pressure until the returned function is called. */
  readonly pressure?: typeof onPressure;
  /** Told when the kernel has said that memory is short and caches go for it. */
  readonly onShort?: () => void;
  /** Memory of this process's own, in bytes. */
  readonly inUse?: () => number;
  /** What its files in memory take, which do not count as its own, in bytes. */
  readonly inFiles?: () => number;
}

/**
 * Settings of allocator and engine that a daemon needs, whatever its environment says. To be called before the threads
 * that serve are started: each would have a heap of its own.
 */
export function prepareMemory(): void {
  native?.memory.settleAllocator();
}

/** What only a program that is started anew takes up: to be called right before this process becomes ikfs again. */
export function prepareRestart(): void {
  // mallopt(3): Node's threads each have a heap of their own by the time that settleAllocator() is called.
  process.env['MALLOC_ARENA_MAX'] ??= '1';
  // Node reads all of these certificates when it starts, a megabyte; a daemon connects to nobody.
  delete process.env['NODE_EXTRA_CA_CERTS'];
}

/** Keeps the memory of a daemon small until it is closed. */
export interface MemoryKeeper {
  /** What was only needed to start goes. To be called once the daemon serves. */
  started(): void;
  close(): void;
}

/**
 * Lets go of what a daemon holds only to be faster: some time after the last one has asked for something, when the kernel
 * says that memory is short, and when the process has more than it is to have. A daemon that nobody uses is not woken.
 */
export function keepMemorySmall(memory: HeldMemory, keeping: MemoryKeeping = {}): MemoryKeeper {
  const { mostBytes = Number.POSITIVE_INFINITY, idle = 20_000, pause = 2_000 } = keeping;
  const { process = native?.memory, pressure = onPressure, inFiles = () => 0 } = keeping;
  const inUse = (): number => (keeping.inUse ?? ownMemory)() + inFiles();
  let timer: NodeJS.Timeout | undefined;
  let lastChecked = Number.NEGATIVE_INFINITY;
  let lastReleased = Number.NEGATIVE_INFINITY;

  const release = (): void => {
    lastReleased = performance.now();
    memory.letGo();
    if (process) returnMemory(process);
  };
  const releaseUnlessJustDone = (): boolean => {
    if (performance.now() - lastReleased < pause) return false;
    release();
    return true;
  };
  const waitForIdleness = (): void => {
    clearTimeout(timer);
    timer = setTimeout(release, idle).unref();
  };
  memory.onUse = () => {
    if (timer === undefined) waitForIdleness();
    else timer.refresh();
    if (mostBytes === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    if (now - lastChecked < betweenChecks) return;
    lastChecked = now;
    if (inUse() > mostBytes) releaseUnlessJustDone();
  };
  if (process) {
    // With the addon, what takes time is native code. Optimized JavaScript is never given back, so it has to be worth
    // it: ten times what V8 takes for that. Set only now, as Node would have to compile its own modules otherwise.
    setFlagsFromString('--interrupt-budget=1320000');
    process.letGoOfFilePages();
  }
  if (mostBytes !== Number.POSITIVE_INFINITY) {
    decodingTurns.fits = (bytes) => inUse() + bytes <= mostBytes;
  }
  const endPressure = pressure(() => {
    if (releaseUnlessJustDone()) keeping.onShort?.();
  });
  return {
    started() {
      // Collecting takes time, which whoever waits for the mount would wait as well: only where it is worth it.
      if (inUse() > usualStart) release();
      else process?.letGoOfFilePages();
      waitForIdleness();
    },
    close() {
      clearTimeout(timer);
      endPressure();
      decodingTurns.fits = () => true;
      memory.onUse = () => undefined;
    },
  };
}

/** More than a daemon with a few kernels has once it has started, in bytes. */
const usualStart = 20 * 1024 ** 2;

/** How often at most a busy daemon looks how much memory it has, in milliseconds. */
const betweenChecks = 250;

/**
 * Compiled code goes as well, whatever its age: it is compiled again function by function when it is run. And what is left
 * moves together, so that pages become free.
 */
const whileCollecting = ['stress-flush-code', 'flush-baseline-code', 'compact-on-every-full-gc'] as const;

/** Gives what is free back to the kernel. */
function returnMemory(process: NativeMemory): void {
  for (const flag of whileCollecting) setFlagsFromString(`--${flag}`);
  process.collectGarbage();
  for (const flag of whileCollecting) setFlagsFromString(`--no-${flag}`);
  process.trimHeaps();
  process.letGoOfFilePages();
}

/** Memory of this process's own, and in its memory files. */
function ownMemory(): number {
  const { anonymous, shared } = memoryOf('self');
  return anonymous + shared;
}
