import { MemorySource } from '../../src/bytes/byte-source.ts';
import { FileSink } from '../../src/bytes/byte-sink.ts';
import { MemoryRoom } from '../../src/bytes/memory-room.ts';
import { IkfsError } from '../../src/errors.ts';
import { decodingMemory } from '../../src/codec/decoding-memory.ts';
import { decode } from '../../src/codec/table.ts';
import { DecodingTurns } from '../../src/codec/turns.ts';
import { testWith } from '../requirements.ts';
import { fileSink, mixedData, pack, scratchFolder } from './samples.ts';
import type { Packing } from './samples.ts';

const test = testWith([]);
const testTools = testWith(['tool:xz', 'tool:zstd']);

const MiB = 1024 ** 2;

/** Decodes by hand: what has begun, in order, and what ends each. */
function byHand(turns: DecodingTurns): {
  begun: string[];
  decode: (name: string, need: number) => () => Promise<void>;
} {
  const begun: string[] = [];
  return {
    begun,
    decode(name, need) {
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const done = turns.take(need, () => {
        begun.push(name);
        return ended;
      });
      return async () => {
        end();
        await done;
        // Whoever is next begins.
        await new Promise((resolve) => setImmediate(resolve));
      };
    },
  };
}

test('all decode at the same time while nothing bounds them', (t) => {
  const { begun, decode: begin } = byHand(new DecodingTurns());
  for (const name of ['a', 'b', 'c']) begin(name, 100 * MiB);
  t.deepEqual(begun, ['a', 'b', 'c']);
});

test('what does not fit waits, one goes on in any case, and those who wait come in order', async (t) => {
  const turns = new DecodingTurns();
  turns.fits = (bytes) => bytes <= 10;
  const { begun, decode: begin } = byHand(turns);
  const endA = begin('a', 50);
  const endB = begin('b', 6);
  const endC = begin('c', 6);
  const endD = begin('d', 3);
  t.deepEqual(begun, ['a']);
  await endA();
  // d would fit beside b, but c came before it.
  t.deepEqual(begun, ['a', 'b']);
  await endB();
  t.deepEqual(begun, ['a', 'b', 'c', 'd']);
  await Promise.all([endC(), endD()]);
});

test('a decoding that fails gives its turn on', async (t) => {
  const turns = new DecodingTurns();
  turns.fits = () => false;
  const failing = turns.take(1, () => Promise.reject(new Error('broken')));
  const next = turns.take(1, () => Promise.resolve('whole'));
  await t.throwsAsync(failing, { message: 'broken' });
  t.is(await next, 'whole');
});

test('files in memory that share their room are filled one at a time, each with all that is left', async (t) => {
  const folder = scratchFolder(t);
  const room = new MemoryRoom(10 * MiB);
  const caps: number[] = [];
  let writing = 0;
  const fill = async (name: string, size: number): Promise<void> => {
    const sink = new FileSink(fileSink(folder, name).sink.descriptor, 100 * MiB, room);
    await sink.filledBy(async () => {
      t.is((writing += 1), 1);
      caps.push(sink.cap / MiB);
      await new Promise((resolve) => setImmediate(resolve));
      writing -= 1;
      if (size > sink.cap) throw new IkfsError('limit', 'too much');
      sink.advance(size);
    });
  };
  const filled = await Promise.allSettled([
    fill('a', 6 * MiB),
    fill('b', 6 * MiB),
    fill('c', 3 * MiB),
    fill('d', MiB),
  ]);
  t.deepEqual(caps, [10, 4, 4, 1]);
  t.like(filled[1], { status: 'rejected', reason: { code: 'no-memory' } });
  t.deepEqual([filled[0].status, filled[2].status, filled[3].status], Array(3).fill('fulfilled'));
  t.is(room.left, 0);
});

const xz = (...options: string[]): Packing => ({ codec: 'xz', tool: 'xz', options, checked: true });

testTools('the memory that decoding takes follows from the window that the stream states', (t) => {
  const data = mixedData(3 * MiB, 1);
  const need = (packing: Packing): number =>
    Math.round(decodingMemory(packing.codec, new MemorySource('stream', pack(packing, data))) / MiB);
  t.is(need(xz('--lzma2=dict=4MiB')), 5);
  t.is(need(xz('--lzma2=dict=24MiB')), 25);
  // As kernels are compressed: another filter comes first.
  t.is(need(xz('--x86', '--lzma2=dict=32MiB')), 33);
  t.is(need(xz('--block-size=500000', '--lzma2=dict=4MiB')), 5);
  t.is(need({ ...xz('--format=lzma', '--lzma1=dict=16MiB'), codec: 'lzma' }), 17);
  t.is(need({ ...xz('--long=25'), codec: 'zstd', tool: 'zstd' }), 33);
});

testTools(
  'what a file in memory has no room for is told from a bomb, and leaves room for others',
  async (t) => {
    const folder = scratchFolder(t);
    const packed = new MemorySource('stream', pack(xz(), mixedData(3 * MiB, 2)));
    const room = new MemoryRoom(2 * MiB);
    const { descriptor } = fileSink(folder, 'out').sink;
    const full = new FileSink(descriptor, 100 * MiB, room);
    await t.throwsAsync(decode('xz', packed, full), { code: 'no-memory' });
    await t.throwsAsync(decode('xz', packed, new FileSink(descriptor, MiB, room)), { code: 'limit' });
    room.give(room.taken);
    t.is(room.left, 2 * MiB);
    const enough = new FileSink(descriptor, 100 * MiB, new MemoryRoom(4 * MiB));
    t.is((await decode('xz', packed, enough)).produced, 3 * MiB);
  },
);
