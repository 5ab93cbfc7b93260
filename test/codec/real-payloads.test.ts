/* The compressed kernels in real bzImages, as the formats' own tools decode them. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WindowSource } from '../../src/bytes/byte-source.ts';
import type { ByteSource } from '../../src/bytes/byte-source.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import type { CodecName } from '../../src/codec/codec.ts';
import { decode, detectCodec, portableDecoders } from '../../src/codec/table.ts';
import { native } from '../../src/native.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import type { Need } from '../requirements.ts';
import { fileSink, run, scratchFolder } from './samples.ts';

interface RealKernel {
  readonly title: string;
  readonly codec: CodecName;
  readonly need: Need;
  readonly tool: string;
  readonly root: () => string;
  /** Bytes of the size that the kernel's build appends. */
  readonly sizeField: number;
}

const kernels: readonly RealKernel[] = [
  { title: 'corpus', codec: 'gzip', need: 'corpus', tool: 'gzip', root: corpusRoot, sizeField: 0 },
  {
    title: 'Debian 6.1',
    codec: 'xz',
    need: 'debian',
    tool: 'xz',
    root: () => debianRoot('6.1'),
    sizeField: 4,
  },
  {
    title: 'Debian 6.1 cloud',
    codec: 'lz4-legacy',
    need: 'debian',
    tool: 'lz4',
    root: () => debianRoot('6.1-cloud'),
    sizeField: 4,
  },
  {
    title: 'Debian 6.12 cloud',
    codec: 'zstd',
    need: 'debian',
    tool: 'zstd',
    root: () => debianRoot('6.12-cloud'),
    sizeField: 4,
  },
];

/** The compressed kernel of the bzImage in boot/ (Documentation/arch/x86/boot.rst). */
function payloadOf(root: string): ByteSource {
  const name = readdirSync(join(root, 'boot')).find((each) => each.startsWith('vmlinuz-'));
  if (name === undefined) throw new Error(`no kernel in ${root}/boot`);
  const image = FileSource.open(join(root, 'boot', name));
  const header = image.read(0, 0x250);
  const start = (header.readUInt8(0x1f1) + 1) * 512 + header.readUInt32LE(0x248);
  return new WindowSource(image, start, header.readUInt32LE(0x24c));
}

for (const { title, codec, need, tool, root, sizeField } of kernels) {
  testWith([need, `tool:${tool}`]).serial(`${codec}: the kernel of ${title}`, async (t) => {
    const payload = payloadOf(root());
    const folder = scratchFolder(t);
    const packed = payload.read(0, payload.size - sizeField);
    const truth = run(tool, ['-dc'], packed);
    t.is(truth.toString('latin1', 0, 4), '\x7fELF');
    t.is(detectCodec(payload.read(0, 64))?.name, codec);

    const { sink, content } = fileSink(folder, 'vmlinux');
    const counts = await decode(codec, payload, sink);
    t.deepEqual(counts, { consumed: packed.length, produced: truth.length });
    t.true(content().equals(truth));
    if (sizeField > 0) t.is(payload.read(packed.length, 4).readUInt32LE(), truth.length);

    if (!native?.decoders.includes(codec)) return;
    const portable = fileSink(folder, 'portable');
    t.deepEqual(await portableDecoders[codec](payload, portable.sink), counts);
    t.true(portable.content().equals(truth), 'without addon');
  });
}

testWith(['debian', 'tool:lzop', 'tool:bzip2', 'tool:xz', 'tool:lz4']).serial(
  'lzo, bzip2, lzma, lz4: a real kernel, packed again as the kernel build does',
  async (t) => {
    const folder = scratchFolder(t);
    const kernel = fileSink(folder, 'kernel');
    await decode('lz4-legacy', payloadOf(debianRoot('6.1-cloud')), kernel.sink);
    const truth = readFileSync(join(folder, 'kernel')).subarray(0, 16_000_000);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(truth.length);
    for (const [codec, tool, ...options] of [
      ['lzo', 'lzop', '-9'],
      ['bzip2', 'bzip2', '-9'],
      ['lzma', 'xz', '--format=lzma', '-1'],
      ['lz4', 'lz4', '-9', '-BD'],
    ] as const) {
      const packed = run(tool, [...options, '-c'], truth);
      const { sink, content } = fileSink(folder, codec);
      const path = join(folder, `${codec}.packed`);
      writeFileSync(path, Buffer.concat([packed, size]));
      const source = FileSource.open(path);
      t.deepEqual(await decode(codec, source, sink), { consumed: packed.length, produced: truth.length });
      t.true(content().equals(truth), codec);
      source.close();
    }
  },
);
