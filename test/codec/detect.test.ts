/* Content decides which codec it is, and a magic alone is not enough. */
import test from 'ava';
import { codecNames } from '../../src/codec/codec.ts';
import { codecs, detectCodec, detectionSize } from '../../src/codec/table.ts';
import { Random } from '../random.ts';
import { testWith } from '../requirements.ts';
import { mixedData, pack, packings, titleOf } from './samples.ts';

for (const packing of packings) {
  testWith([`tool:${packing.tool}`])(`${titleOf(packing)} is recognised`, (t) => {
    for (const size of [0, 1, 50_000]) {
      const packed = pack(packing, mixedData(size, 3));
      const codec = detectCodec(packed.subarray(0, detectionSize));
      t.is(codec?.name, packing.codec, `${size} bytes`);
      t.is(codec?.magic.compare(packed, 0, codec.magic.length), 0, 'the magic is at offset 0');
    }
  });
}

test('the table has every codec once', (t) => {
  t.deepEqual(codecs.map(({ name }) => name).sort(), [...codecNames].sort());
});

test('a magic with something else behind it is not taken for a stream', (t) => {
  const random = new Random(41);
  for (const { name, magic } of codecs) {
    // A magic that is the whole input is an empty legacy lz4 frame; for lzop it says enough.
    t.is(detectCodec(magic)?.name, name === 'lzo' || name === 'lz4-legacy' ? name : undefined);
    // Behind zstd's there is no more to check than one flag.
    if (name === 'lzo' || name === 'zstd') continue;
    let hits = 0;
    for (let round = 0; round < 200; round += 1) {
      if (detectCodec(Buffer.concat([magic, random.bytes(32)]))) hits += 1;
    }
    t.true(hits <= 40, `${name}: ${hits} of 200`);
  }
});

test('plain data is no stream', (t) => {
  for (const head of [
    Buffer.alloc(0),
    Buffer.alloc(64),
    Buffer.from('\x7fELF\x02\x01\x01'),
    Buffer.from('BZh91AY is not bzip2'),
    // The xz magic in the code of a decoder, with instructions behind it.
    Buffer.from('fd377a585a000f1f84000000000055', 'hex'),
  ]) {
    t.is(detectCodec(head), undefined, head.toString('latin1'));
  }
});
