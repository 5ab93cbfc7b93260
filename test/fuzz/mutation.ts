import type { Random } from '../random.ts';

/** Values that length and offset fields are broken with: none, one, the signs' borders, nearly all. */
const extremes = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xfffffff0n,
  0xffffffffn,
] as const;
const wideExtremes = [1n << 32n, (1n << 53n) - 1n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n] as const;

type Mutation = (bytes: Buffer, random: Random, seeds: readonly Buffer[]) => Buffer;

/** Where to change something: half of the time in the first bytes, where headers are. */
function position(random: Random, length: number): number {
  return random.below(random.below(2) === 0 ? Math.min(length, 128) : length);
}

const flipBit: Mutation = (bytes, random) => {
  const at = position(random, bytes.length);
  bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << random.below(8)), at);
  return bytes;
};

const setByte: Mutation = (bytes, random) => {
  bytes.writeUInt8(random.below(256), position(random, bytes.length));
  return bytes;
};

const setField: Mutation = (bytes, random) => {
  const size = random.pick([2, 4, 8]);
  if (bytes.length < size) return bytes;
  const value = random.pick(size === 8 ? [...extremes, ...wideExtremes] : extremes);
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(value);
  const cut = field.subarray(0, size);
  if (random.below(2) === 0) cut.reverse();
  // Fields are aligned as a rule.
  const at = Math.min(position(random, bytes.length) & ~1, bytes.length - size);
  cut.copy(bytes, at);
  return bytes;
};

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1));

const append: Mutation = (bytes, random) => Buffer.concat([bytes, random.bytes(random.below(64))]);

const remove: Mutation = (bytes, random) => {
  const at = position(random, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(32))]);
};

const splice: Mutation = (bytes, random, seeds) => {
  const donor = random.pick(seeds);
  const from = random.below(donor.length);
  const piece = donor.subarray(from, from + 1 + random.below(256));
  const at = position(random, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + random.below(piece.length + 1))]);
};

const mutations: readonly Mutation[] = [
  flipBit,
  setByte,
  setField,
  setField,
  truncate,
  append,
  remove,
  splice,
];

/** One of the seeds, broken in one to four ways. The seeds, which are not empty, stay as they are. */
export function mutate(seeds: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(seeds));
  for (let rounds = 1 + random.below(4); rounds > 0 && bytes.length > 0; rounds -= 1) {
    bytes = random.pick(mutations)(bytes, random, seeds);
  }
  return bytes;
}
