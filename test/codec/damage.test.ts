/* Streams that are cut off, damaged or too large: an error that says so, or the right bytes, and never a hang. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { crc32 } from 'node:zlib';
import { codecNames } from '../../src/codec/codec.ts';
import { portableDecoders } from '../../src/codec/table.ts';
import { decodeXzPortably } from '../../src/codec/xz.ts';
import { IkfsError } from '../../src/errors.ts';
import { native } from '../../src/native.ts';
import { Random } from '../random.ts';
import { testWith } from '../requirements.ts';
import { mixedData, onePackingEach, pack, titleOf, unpack } from './samples.ts';
import type { Packing, Unpacked } from './samples.ts';

const data = mixedData(40_000, 11);

/** What decoding may answer to bad input. */
const inputCodes = ['truncated', 'corrupt', 'unsupported', 'limit'];

/** The packings with the decoders they go to: two where the addon has one. */
const cases = onePackingEach.flatMap((packing) => {
  const usual = { packing, title: titleOf(packing), how: packing.codec };
  if (!native?.decoders.includes(packing.codec)) return [usual];
  const how = portableDecoders[packing.codec];
  return [usual, { packing, title: `${titleOf(packing)}, without addon`, how }];
});

/** The result, or the error, which must be one that bad input may cause. */
async function attempt(t: ExecutionContext, decoding: Promise<Unpacked>): Promise<Unpacked | IkfsError> {
  try {
    return await decoding;
  } catch (error) {
    if (!(error instanceof IkfsError)) throw error;
    t.true(inputCodes.includes(error.code), `${error.code}: ${error.message}\n${String(error.cause)}`);
    return error;
  }
}

for (const { packing, title, how } of cases) {
  testWith([`tool:${packing.tool}`])(`${title}: a stream cut off anywhere is truncated`, async (t) => {
    const packed = pack(packing, data);
    const random = new Random(5);
    const cuts = Array.from({ length: 40 }, () => random.below(packed.length));
    for (const cut of [...cuts, 1, 4, 8, 12, 20, packed.length - 4, packed.length - 1]) {
      const result = await attempt(t, unpack(how, packed.subarray(0, cut)));
      if (result instanceof IkfsError) {
        t.is(result.code, 'truncated', `cut to ${cut}: ${result.message}`);
        t.true((result.offset ?? 0) <= cut, `cut to ${cut}, offset ${result.offset}`);
      } else {
        // A legacy lz4 frame has no end mark: one without blocks is whole.
        t.is(packing.codec, 'lz4-legacy', `cut to ${cut}`);
        t.is(result.produced, 0, `cut to ${cut}`);
      }
    }
  });

  testWith([`tool:${packing.tool}`])(`${title}: damage is found or does no harm`, async (t) => {
    const packed = pack(packing, data);
    const random = new Random(23);
    for (let round = 0; round < 250; round += 1) {
      const damaged = Buffer.from(packed);
      // Headers are short and decide most, so half of the damage goes there.
      const at = random.below(round % 2 === 0 ? Math.min(64, packed.length) : packed.length);
      damaged[at] = damaged.readUInt8(at) ^ (1 + random.below(255));
      const result = await attempt(t, unpack(how, damaged, 1024 * 1024));
      if (result instanceof IkfsError || !packing.checked) continue;
      // A damaged lzop block size may read as the end of the file.
      const expected = packing.codec === 'lzo' ? data.subarray(0, result.produced) : data;
      t.true(result.bytes.equals(expected), `byte ${at} is now ${damaged[at]}`);
    }
  });

  testWith([`tool:${packing.tool}`])(
    `${title}: noise behind a header ends in an error or a result`,
    async (t) => {
      const packed = pack(packing, data);
      const random = new Random(31);
      for (let round = 0; round < 60; round += 1) {
        const kept = random.below(80);
        const noise = random.pick([random.bytes(2000), Buffer.alloc(2000), Buffer.alloc(2000, 0xff)]);
        await attempt(t, unpack(how, Buffer.concat([packed.subarray(0, kept), noise]), 1024 * 1024));
      }
      t.pass();
    },
  );

  testWith([`tool:${packing.tool}`])(`${title}: more than the cap is refused`, async (t) => {
    const packed = pack(packing, Buffer.alloc(3_000_000, 'bomb'));
    t.is((await unpack(how, packed, 3_000_000)).produced, 3_000_000);
    for (const cap of [0, 1, 100_000, 2_999_999]) {
      const error = await t.throwsAsync(unpack(how, packed, cap), { instanceOf: IkfsError });
      t.is(error.code, 'limit', `cap ${cap}: ${error.message}`);
    }
  });
}

test('an error names the input and the codec', async (t) => {
  for (const name of codecNames) {
    const error = await t.throwsAsync(unpack(name, Buffer.alloc(100, 1)), { instanceOf: IkfsError });
    t.is(error.path, 'sample', name);
    t.deepEqual(error.steps, [name]);
  }
});

function packingOf(codec: Packing['codec']): Packing {
  return onePackingEach.find((packing) => packing.codec === codec) as Packing;
}

testWith(['tool:xz'])('xz: dictionaries of up to 128 MiB are decoded', async (t) => {
  const plain = { ...packingOf('xz'), options: ['--check=crc32'] };
  // The block header of one LZMA2 filter: size, flags, filter 0x21, 1 property byte, padding, CRC-32.
  const withDictionary = (encoded: number): Buffer => {
    const packed = pack(plain, data);
    packed[16] = encoded;
    packed.writeUInt32LE(crc32(packed.subarray(12, 20)), 20);
    return packed;
  };
  for (const how of ['xz', decodeXzPortably] as const) {
    t.true((await unpack(how, withDictionary(30))).bytes.equals(data), '128 MiB');
    const error = await t.throwsAsync(unpack(how, withDictionary(31)), { instanceOf: IkfsError });
    t.is(error.code, 'limit', '192 MiB');
  }
});

testWith(['tool:zstd'])('zstd: windows of up to 128 MiB are decoded', async (t) => {
  const packed = pack({ ...packingOf('zstd'), options: ['--ultra', '-22'] }, data);
  const withWindow = (log: number): Buffer => {
    const changed = Buffer.from(packed);
    changed[5] = (log - 10) << 3;
    return changed;
  };
  for (const how of ['zstd', portableDecoders.zstd] as const) {
    t.true((await unpack(how, withWindow(27))).bytes.equals(data), '128 MiB');
    const error = await t.throwsAsync(unpack(how, withWindow(28)), { instanceOf: IkfsError });
    t.is(error.code, 'limit', '256 MiB');
  }
});

test('zstd: a frame to be skipped, or one that needs a dictionary, is not decoded', async (t) => {
  const skippable = Buffer.from('502a4d1804000000' + '01020304', 'hex');
  // Single segment, a dictionary's number of one byte, a content of one byte in a raw block.
  const withDictionary = (number: number): Buffer =>
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, number, 1, 9, 0, 0, 0x41]);
  for (const how of ['zstd', portableDecoders.zstd] as const) {
    const skipped = await t.throwsAsync(unpack(how, skippable), { instanceOf: IkfsError });
    t.is(skipped.code, 'corrupt');
    t.deepEqual((await unpack(how, withDictionary(0))).bytes, Buffer.from('A'));
    const refused = await t.throwsAsync(unpack(how, withDictionary(7)), { instanceOf: IkfsError });
    t.is(refused.code, 'unsupported');
  }
});

test('lz4: a block that breaks the rules for its end, or refers to nowhere, is refused', async (t) => {
  const legacy = (block: string): Buffer => {
    const header = Buffer.from('02214c1800000000', 'hex');
    header.writeUInt32LE(block.length / 2, 4);
    return Buffer.concat([header, Buffer.from(block, 'hex')]);
  };
  // Token, literals, offset; token, literals.
  const cases = [
    ['40' + '61626364' + '0400' + 'c0' + '78'.repeat(12), 20],
    ['40' + '61626364' + '0400' + '80' + '78'.repeat(8), 16],
    ['40' + '61626364' + '0400' + '70' + '78'.repeat(7), undefined],
    ['4f' + '61626364' + '0400' + '00' + '40' + '78'.repeat(4), undefined],
    ['40' + '61626364' + '0000' + 'c0' + '78'.repeat(12), undefined],
    ['40' + '61626364' + '0500' + 'c0' + '78'.repeat(12), undefined],
    ['40' + '61626364' + '0400', undefined],
    ['30' + '616263', 3],
    ['00', 0],
  ] as const;
  for (const how of ['lz4-legacy', portableDecoders['lz4-legacy']] as const) {
    for (const [block, produced] of cases) {
      const result = await attempt(t, unpack(how, legacy(block)));
      if (produced === undefined) t.is((result as IkfsError).code, 'corrupt', block);
      else t.is((result as Unpacked).produced, produced, block);
    }
  }
});

testWith(['tool:lz4'])('lz4: each checksum, the size and the version are looked at', async (t) => {
  const packed = pack({ ...packingOf('lz4'), options: ['-B4', '-BX', '-9'] }, data);
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(packed);
    const place = at < 0 ? packed.length + at : at;
    copy[place] = copy.readUInt8(place) ^ 0x81;
    return copy;
  };
  const blockSize = packed.readUInt32LE(7);
  for (const how of ['lz4', portableDecoders.lz4] as const) {
    for (const [what, at, message] of [
      ['header', 6, /header checksum/],
      ['block', 11 + blockSize, /block.* checksum/],
      ['content', -1, /content checksum/],
    ] as const) {
      const error = await t.throwsAsync(unpack(how, changed(at)), { instanceOf: IkfsError });
      t.is(error.code, 'corrupt', what);
      t.regex(error.message, message);
    }
    const error = await t.throwsAsync(unpack(how, changed(4)), { instanceOf: IkfsError });
    t.is(error.code, 'unsupported', 'version');
  }
});

test('bzip2: a run with more digits than a number holds is refused', async (t) => {
  const bits: string[] = [];
  const put = (value: number, count: number): unknown => bits.push(value.toString(2).padStart(count, '0'));
  for (const byte of [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) put(byte, 8);
  put(0, 32); // checksum
  put(0, 1); // not randomised
  put(0, 24); // origin
  put(0x8000, 16); // byte values 0 to 15 occur, of which
  put(0x8000, 16); // only 0
  put(2, 3); // codes
  put(1, 15); // selectors
  put(0, 1); // the first code
  for (let code = 0; code < 2; code += 1) {
    put(1, 5); // the first symbol's code has one bit
    put(0, 1);
    put(0b100, 3); // the second's two
    put(0, 1); // the third's two
  }
  put(0, 49); // the first symbol, RUNA, again and again
  const packed = Buffer.from(
    (bits.join('').padEnd(320, '0').match(/.{8}/g) as string[]).map((byte) => parseInt(byte, 2)),
  );
  const error = await t.throwsAsync(unpack('bzip2', packed), { instanceOf: IkfsError });
  t.is(error.code, 'corrupt');
  t.regex(error.message, /run is longer/);
});
