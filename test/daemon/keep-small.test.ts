import test from 'ava';
import type { ExecutionContext } from 'ava';
import { memoryLimit } from '../../daemon/memory/limit.ts';
import { keepMemorySmall } from '../../daemon/memory/keep-small.ts';
import type { MemoryKeeping } from '../../daemon/memory/keep-small.ts';
import { HeldMemory } from '../../src/artifact/held-memory.ts';
import type { Releasable } from '../../src/artifact/held-memory.ts';

/** A holder of memory that counts how often it lets go, and what keeps it small. */
function kept(
  t: ExecutionContext,
  keeping: MemoryKeeping,
): { holder: Releasable; memory: HeldMemory; releases: () => number; pressure: () => void } {
  const memory = new HeldMemory();
  let releases = 0;
  const holder = { letGo: () => void (releases += 1) };
  memory.add(holder);
  let pressure = (): void => undefined;
  const keeper = keepMemorySmall(memory, {
    process: undefined,
    pressure: (listener) => {
      pressure = listener;
      return () => undefined;
    },
    ...keeping,
  });
  t.teardown(() => {
    keeper.close();
  });
  // The list itself does not keep the holder.
  return { holder, memory, releases: () => releases, pressure: () => pressure() };
}

async function eventually(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never came about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('memory is let go of some time after the last use, once', async (t) => {
  const held = kept(t, { idle: 10 });
  held.memory.used();
  await eventually(() => held.releases() === 1);
  held.memory.used();
  held.memory.used();
  await eventually(() => held.releases() === 2);
  t.truthy(held.holder);
});

test('memory pressure is answered at once, and not again right after', (t) => {
  const { pressure, releases } = kept(t, { pause: 60_000 });
  pressure();
  pressure();
  t.is(releases(), 1);
});

test('more memory than allowed is let go of', (t) => {
  const { memory, releases } = kept(t, { mostBytes: 100, inUse: () => 101 });
  memory.used();
  t.is(releases(), 1);
});

test('as much memory as allowed is kept', (t) => {
  const { memory, releases } = kept(t, { mostBytes: 100, inUse: () => 100 });
  memory.used();
  t.is(releases(), 0);
});

test('--memory-limit takes MiB, not less than a daemon has', (t) => {
  t.is(memoryLimit({}), undefined);
  t.is(memoryLimit({ 'memory-limit': '64' }), 64 * 1024 ** 2);
  t.throws(() => memoryLimit({ 'memory-limit': '3' }), { code: 'usage' });
  t.throws(() => memoryLimit({ 'memory-limit': 'many' }), { code: 'usage' });
});
