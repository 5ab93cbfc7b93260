/* The addon and lzma-native decode alike. */
import { decodeLzmaPortably } from '../../src/codec/lzma.ts';
import { decodeNatively } from '../../src/codec/native-decoder.ts';
import { decodeXzPortably } from '../../src/codec/xz.ts';
import type { Decoder } from '../../src/codec/codec.ts';
import { native } from '../../src/native.ts';
import { Random } from '../random.ts';
import { testWith } from '../requirements.ts';
import { mixedData, pack, packings, titleOf, unpack } from './samples.ts';

for (const packing of packings) {
  const { codec } = packing;
  if (codec !== 'xz' && codec !== 'lzma') continue;
  const portably = codec === 'xz' ? decodeXzPortably : decodeLzmaPortably;
  testWith(['addon', `tool:${packing.tool}`])(
    `${titleOf(packing)}: addon and lzma-native agree`,
    async (t) => {
      const addon = native;
      if (!addon?.decoders.includes(codec)) {
        t.pass('the addon was built without liblzma');
        return;
      }
      const natively: Decoder = (input, output) => decodeNatively(addon, codec, input, output);
      const random = new Random(77);
      for (const size of [0, 1, 100_000, 1_500_000]) {
        const packed = Buffer.concat([pack(packing, mixedData(size, 2)), random.bytes(20)]);
        t.deepEqual(await unpack(natively, packed), await unpack(portably, packed), `${size} bytes`);
        for (let round = 0; round < 10; round += 1) {
          const cut = packed.subarray(0, random.below(packed.length - 20));
          const errors = [];
          for (const how of [natively, portably]) errors.push(await t.throwsAsync(unpack(how, cut)));
          t.is(errors[0]?.name, errors[1]?.name);
          t.like(errors[0], { code: (errors[1] as { code?: string } | undefined)?.code });
        }
      }
    },
  );
}
