/* The addon's decoders and the portable ones do the same: with what is whole, cut off, damaged or followed by more. */
import { decodeNatively } from '../../src/codec/native-decoder.ts';
import type { CodecName, Decoder } from '../../src/codec/codec.ts';
import { portableDecoders } from '../../src/codec/table.ts';
import { IkfsError } from '../../src/errors.ts';
import { native } from '../../src/native.ts';
import { Random } from '../random.ts';
import { testWith } from '../requirements.ts';
import { mixedData, pack, packings, titleOf, unpack } from './samples.ts';
import type { Packing, Unpacked } from './samples.ts';

/** The codecs that the addon has decoders for, and the library that each is made of, if it is not our own. */
const libraries: Readonly<Partial<Record<CodecName, 'liblzma' | 'libzstd' | 'none'>>> = {
  xz: 'liblzma',
  lzma: 'liblzma',
  zstd: 'libzstd',
  'lz4-legacy': 'none',
  lz4: 'none',
};

/** Options that kernels do not use, which leave more to the decoders: no checksums, small windows, linked blocks. */
const others: readonly Packing[] = [
  { codec: 'zstd', tool: 'zstd', options: ['-5', '--zstd=wlog=10'], checked: true },
  { codec: 'lz4', tool: 'lz4', options: ['-9', '-BD', '-B4', '--no-frame-crc'], checked: false },
];

/** The addon's decoder; tests that use it need the addon. */
const natively =
  (codec: CodecName): Decoder =>
  (input, output) => {
    if (!native) throw new Error('there is no addon');
    return decodeNatively(native, codec, input, output);
  };

/** What came out, or the code of the error. */
async function outcome(how: Decoder, packed: Uint8Array): Promise<Unpacked | string> {
  try {
    return await unpack(how, packed, 4 * 1024 * 1024);
  } catch (error) {
    if (error instanceof IkfsError) return error.code;
    throw error;
  }
}

for (const packing of [...packings, ...others]) {
  const { codec } = packing;
  const library = libraries[codec];
  if (library === undefined) continue;
  // A library that was missing when the addon was built counts as a tool that is.
  const lacking = library !== 'none' && native?.decoders.includes(codec) === false;
  const needs = [
    'addon',
    `tool:${packing.tool}`,
    ...(lacking ? ([`tool:${library}`] as const) : []),
  ] as const;
  const decoders = [natively(codec), portableDecoders[codec]] as const;

  testWith(needs)(`${titleOf(packing)}: addon and portable decoder agree`, async (t) => {
    const random = new Random(77);
    for (const size of [0, 1, 100_000, 1_500_000]) {
      const packed = Buffer.concat([pack(packing, mixedData(size, 2)), random.bytes(20)]);
      const cuts = Array.from({ length: 10 }, () => packed.subarray(0, random.below(packed.length - 20)));
      for (const input of [packed, ...cuts]) {
        const [one, other] = [await outcome(decoders[0], input), await outcome(decoders[1], input)];
        t.deepEqual(one, other, `${size} bytes, cut to ${input.length} of ${packed.length}`);
      }
    }
  });

  testWith(needs)(`${titleOf(packing)}: addon and portable decoder agree on damage`, async (t) => {
    const random = new Random(79);
    const packed = Buffer.concat([pack(packing, mixedData(30_000, 12)), random.bytes(20)]);
    for (let round = 0; round < 200; round += 1) {
      const damaged = Buffer.from(packed);
      const places = Array.from({ length: 1 + random.below(2) }, () =>
        random.below(round % 2 === 0 ? Math.min(64, packed.length) : packed.length),
      );
      for (const at of places) damaged[at] = damaged.readUInt8(at) ^ (1 + random.below(255));
      const [one, other] = [await outcome(decoders[0], damaged), await outcome(decoders[1], damaged)];
      t.deepEqual(one, other, `damage at ${places.join(', ')}`);
    }
  });
}
