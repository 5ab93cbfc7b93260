/* Inputs for native/fuzz/codec.cc to begin with: short streams as the formats' own tools write them. */

/** The decoders in the order of native/codec/codecs.cc, each with ways to compress for it. */
const tools = [
  [
    ['xz', '--check=crc32', '--x86', '--lzma2=dict=4KiB'],
    ['xz', '--check=sha256', '--delta', '--lzma2', '--block-size=300'],
  ],
  [['xz', '--format=lzma']],
  [
    ['zstd', '-19', '--check'],
    ['zstd', '-1', '--no-check', '--zstd=wlog=10'],
  ],
  [['lz4', '-l', '-9']],
  [
    ['lz4', '-9', '-B4', '-BD', '-BX'],
    ['lz4', '-1', '--no-frame-crc'],
  ],
];

/** Text with repetitions, noise-like bytes and a run. */
const sample = Buffer.concat([
  Buffer.from(Array.from({ length: 60 }, (_, line) => `#define FIELD_${line * line} ${line % 7}\n`).join('')),
  Buffer.from(Array.from({ length: 200 }, (_, at) => (at * at * 31 + at * 7) & 0xff)),
  Buffer.alloc(5000, 'x'),
]);

/**
 * A stream of each kind, whole and with something behind it, for pieces of several sizes.
 * @param compress runs a tool with arguments and an input and resolves to what it puts out
 */
export async function codecStreams(compress) {
  const inputs = [];
  for (const [index, ways] of tools.entries())
    for (const [tool, ...options] of ways)
      for (const content of [Buffer.alloc(0), sample.subarray(0, 5), sample]) {
        const stream = await compress(tool, [...options, '-c'], content);
        for (const size of [1, 7, 50]) {
          const choice = Buffer.from([index + tools.length * (size - 1)]);
          inputs.push(
            Buffer.concat([choice, stream]),
            Buffer.concat([choice, stream, Buffer.from('behind')]),
          );
        }
      }
  return inputs;
}
