/* Long inputs in files are decoded on a thread of their own: same bytes, same errors, and the loop runs on. */
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileSink } from '../../src/bytes/byte-sink.ts';
import { WindowSource } from '../../src/bytes/byte-source.ts';
import type { ByteSource } from '../../src/bytes/byte-source.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import { decode } from '../../src/codec/table.ts';
import { IkfsError } from '../../src/errors.ts';
import { Random } from '../random.ts';
import { testWith } from '../requirements.ts';
import { fileSink, mixedData, onePackingEach, pack, scratchFolder, titleOf, unpack } from './samples.ts';

/** Half of it noise, so that it is long when packed, too. */
const data = Buffer.concat([
  mixedData(2_000_000, 99),
  new Random(98).bytes(1_500_000),
  mixedData(2_500_000, 97),
]);

/** A stream that does not begin where its file does. */
function inFile(folder: string, packed: Buffer): ByteSource {
  const path = join(folder, 'packed');
  writeFileSync(path, Buffer.concat([Buffer.alloc(777), packed, Buffer.alloc(555)]));
  return new WindowSource(FileSource.open(path), 777, packed.length + 555, 'window');
}

for (const packing of onePackingEach) {
  // Serial, so that no other test holds up the event loop that this one watches.
  testWith([`tool:${packing.tool}`]).serial(
    `${titleOf(packing)}: from file to file as from memory to memory`,
    async (t) => {
      const packed = pack(packing, data);
      t.true(packed.length > 1024 * 1024);
      const folder = scratchFolder(t);
      const { sink, content } = fileSink(folder, 'out');
      let turns = 0;
      const loop = setInterval(() => (turns += 1), 1);
      const counts = await decode(packing.codec, inFile(folder, packed), sink);
      clearInterval(loop);
      t.true(content().equals(data));
      t.is(sink.written, data.length);
      t.deepEqual(counts, { consumed: packed.length, produced: data.length });
      t.true(turns > 0, 'the event loop stood still');
    },
  );

  testWith([`tool:${packing.tool}`])(
    `${titleOf(packing)}: errors from file to file as in memory`,
    async (t) => {
      const packed = pack(packing, data);
      const folder = scratchFolder(t);
      const damaged = Buffer.from(packed);
      damaged.fill(0x55, packed.length >> 1, (packed.length >> 1) + 100);
      const cut = packed.subarray(0, packed.length - 100);
      for (const [what, bytes, cap] of [
        ['cut', cut, 2 ** 30],
        ['capped', packed, 5_000_000],
        ['damaged', damaged, 2 ** 30],
      ] as const) {
        if (what === 'damaged' && !packing.checked) continue;
        writeFileSync(join(folder, what), bytes);
        const file = FileSource.open(join(folder, what), { name: 'sample' });
        const { sink } = fileSink(folder, 'out', cap);
        const there = await t.throwsAsync(decode(packing.codec, file, sink), { instanceOf: IkfsError });
        const here = await t.throwsAsync(unpack(packing.codec, bytes, cap), { instanceOf: IkfsError });
        t.is(
          there.code,
          what === 'cut' ? 'truncated' : what === 'capped' ? 'limit' : 'corrupt',
          there.message,
        );
        const { code, message, offset, path, steps } = here;
        t.like(there, { code, message, offset, path, steps }, what);
        file.close();
      }
    },
  );
}

testWith(['tool:lz4'])('what is decoded goes behind what a file sink already has', async (t) => {
  for (const packing of onePackingEach) {
    const packed = pack(packing, data);
    const folder = scratchFolder(t);
    const { sink, content } = fileSink(folder, 'out', data.length + 5);
    sink.write(Buffer.from('begin'));
    await decode(packing.codec, inFile(folder, packed), sink);
    t.true(content().equals(Buffer.concat([Buffer.from('begin'), data])), packing.codec);
    t.is(sink.written, data.length + 5);
  }
});

testWith(['tool:lz4'])('a file that cannot be written to is reported', async (t) => {
  const folder = scratchFolder(t);
  for (const packing of onePackingEach) {
    const source = inFile(folder, pack(packing, data));
    const unwritable = new FileSink(openSync(join(folder, 'packed'), 'r'), 2 ** 30);
    const error = await t.throwsAsync(decode(packing.codec, source, unwritable), { instanceOf: IkfsError });
    t.is(error.code, 'io', packing.codec);
  }
});
