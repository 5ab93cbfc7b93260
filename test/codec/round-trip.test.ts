/* What the formats' own tools have packed comes out again, whatever lies behind the stream. */
import test from 'ava';
import { Random } from '../random.ts';
import { testWith } from '../requirements.ts';
import { mixedData, onePackingEach, pack, packings, titleOf, unpack } from './samples.ts';

const sizes = [0, 1, 2, 1000, 64 * 1024 - 1, 3_000_000];

/** What kernels and archives have behind a stream: the size, padding, and another stream. */
function trailers(packed: Buffer, size: number): readonly Buffer[] {
  const sizeField = Buffer.alloc(4);
  sizeField.writeUInt32LE(size);
  return [Buffer.alloc(0), sizeField, Buffer.alloc(1024), Buffer.from('signed'), packed];
}

for (const packing of packings) {
  testWith([`tool:${packing.tool}`])(`${titleOf(packing)}: packed data of any size comes out`, async (t) => {
    for (const size of sizes) {
      const data = mixedData(size, size + 1);
      const packed = pack(packing, data);
      for (const [index, trailer] of trailers(packed, size).entries()) {
        const { bytes, consumed, produced } = await unpack(packing.codec, Buffer.concat([packed, trailer]));
        const what = `${size} bytes, trailer ${index}`;
        t.true(bytes.equals(data), what);
        t.is(produced, size, what);
        t.is(consumed, packed.length, what);
      }
    }
  });
}

for (const packing of onePackingEach) {
  testWith([`tool:${packing.tool}`])(`${titleOf(packing)}: 20 MB come out`, async (t) => {
    const data = mixedData(20_000_000, 7);
    const packed = pack(packing, data);
    const { bytes, consumed } = await unpack(packing.codec, packed);
    t.true(bytes.equals(data));
    t.is(consumed, packed.length);
  });
}

testWith(['tool:lz4'])('lz4-legacy: whole blocks followed by their size', async (t) => {
  const lz4 = packings.find(({ codec }) => codec === 'lz4-legacy');
  if (!lz4) return t.fail();
  for (const blocks of [1, 2]) {
    const data = mixedData(blocks * 8 * 1024 * 1024, blocks);
    const packed = pack(lz4, data);
    for (const trailer of trailers(packed, data.length).slice(0, 3)) {
      const { bytes, consumed } = await unpack('lz4-legacy', Buffer.concat([packed, trailer]));
      t.true(bytes.equals(data));
      t.is(consumed, packed.length);
    }
  }
});

testWith(['tool:lz4'])('lz4: blocks of all sizes, linked and not, with and without checksums', async (t) => {
  const data = Buffer.concat([mixedData(5_000_000, 8), new Random(9).bytes(300_000)]);
  for (const size of ['-B4', '-B5', '-B6', '-B7']) {
    for (const links of ['-BI', '-BD']) {
      for (const checks of ['-BX', '--no-frame-crc', '--content-size']) {
        const packing = { codec: 'lz4', tool: 'lz4', checked: true, options: [size, links, checks] } as const;
        const { bytes } = await unpack('lz4', pack(packing, data));
        t.true(bytes.equals(data), titleOf(packing));
      }
    }
  }
});

testWith(['tool:zstd'])('zstd: levels, block types and windows that slide', async (t) => {
  const data = Buffer.concat([mixedData(2_500_000, 3), Buffer.alloc(600_000, 'x')]);
  for (const level of ['-3', '-9', '-15', '--fast=5']) {
    for (const window of ['--zstd=wlog=10', '--zstd=wlog=17', '--no-check']) {
      const packing = { codec: 'zstd', tool: 'zstd', checked: true, options: [level, window] } as const;
      const { bytes } = await unpack('zstd', pack(packing, data));
      t.true(bytes.equals(data), titleOf(packing));
    }
  }
});

test('an input of no bytes is truncated in every format', async (t) => {
  for (const { codec } of onePackingEach) {
    await t.throwsAsync(
      unpack(codec, Buffer.alloc(0)),
      { name: 'IkfsError', message: /ends|cut off/ },
      codec,
    );
  }
});
