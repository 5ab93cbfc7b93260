import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSink, MemorySink } from '../../src/bytes/byte-sink.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import type { CodecName, Decoded, Decoder } from '../../src/codec/codec.ts';
import { decode } from '../../src/codec/table.ts';
import { Random } from '../random.ts';

/** A way to compress with the format's own tool, through standard input and output. */
export interface Packing {
  readonly codec: CodecName;
  readonly tool: string;
  readonly options: readonly string[];
  /** Whether the format has checksums over all that comes out. */
  readonly checked: boolean;
}

const packing = (codec: CodecName, checked: boolean, tool: string, ...options: string[]): Packing => ({
  codec,
  tool,
  options,
  checked,
});

/** Every codec, with the options that kernels and distributions use, and others that take other ways. */
export const packings: readonly Packing[] = [
  packing('gzip', true, 'gzip', '-9'),
  packing('gzip', true, 'gzip', '-1'),
  packing('xz', true, 'xz', '--check=crc32', '--lzma2=dict=1MiB'),
  packing('xz', true, 'xz', '--check=crc32', '--x86', '--lzma2=preset=6,dict=32MiB'),
  packing('xz', true, 'xz', '--check=sha256', '--delta=dist=4', '--lzma2=preset=1', '--block-size=500000'),
  packing('lzma', false, 'xz', '--format=lzma'),
  packing('zstd', true, 'zstd', '-19', '--ultra', '-22'),
  packing('zstd', true, 'zstd', '-1', '--check'),
  packing('lz4-legacy', false, 'lz4', '-l', '-9'),
  packing('lz4-legacy', false, 'lz4', '-l', '-1'),
  packing('lz4', true, 'lz4', '-9', '-BD'),
  packing('lz4', true, 'lz4', '-1', '-BX'),
  packing('lzo', true, 'lzop', '-9'),
  packing('lzo', true, 'lzop', '-1', '-CC'),
  packing('bzip2', true, 'bzip2', '-9'),
  packing('bzip2', true, 'bzip2', '-1'),
];

/** One packing a codec, for tests that do not depend on the options. */
export const onePackingEach: readonly Packing[] = packings.filter(
  ({ codec }, index) => packings.findLastIndex((other) => other.codec === codec) === index,
);

/** `codec (tool options)`, for titles. */
export function titleOf({ codec, tool, options }: Packing): string {
  return `${codec} (${tool} ${options.join(' ')})`;
}

export function pack({ tool, options }: Packing, data: Uint8Array): Buffer {
  return run(tool, [...options, '-c'], data);
}

/** What a tool writes to its standard output. */
export function run(tool: string, args: readonly string[], input: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(tool, args, { input, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed: ${stderr.toString()}`);
  return stdout;
}

/** Data of a given size with all that compressors look for: noise, runs, near and far repetitions. */
export function mixedData(size: number, seed: number): Buffer {
  const random = new Random(seed);
  const noise = random.bytes(64 * 1024);
  const data = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const kind = filled === 0 ? 0 : random.below(8);
    if (kind < 3) {
      const start = random.below(noise.length);
      // Noise that is not the same twice, or all of it would become repetitions.
      const salt = random.below(256);
      const end = Math.min(start + 1 + random.below(300), noise.length);
      for (let at = start; at < end && filled < size; at += 1) data[filled++] = (noise[at] as number) ^ salt;
    } else if (kind < 5) {
      const length = 1 + random.below(kind === 3 ? 20 : 5000);
      data.fill(random.below(256), filled, Math.min(filled + length, size));
      filled += length;
    } else {
      const from = kind === 5 ? random.below(filled) : Math.max(0, filled - 1 - random.below(2000));
      filled += data.copy(data, filled, from, Math.min(filled, from + 3 + random.below(2000)));
    }
  }
  return data;
}

export interface Unpacked extends Decoded {
  readonly bytes: Buffer;
}

/** Decodes from memory to memory. */
export async function unpack(how: CodecName | Decoder, packed: Uint8Array, cap = 2 ** 30): Promise<Unpacked> {
  const source = new MemorySource('sample', packed);
  const sink = new MemorySink(cap);
  const counts = await (typeof how === 'string' ? decode(how, source, sink) : how(source, sink));
  return { ...counts, bytes: sink.take() };
}

/** A folder for one test, which is removed when the test has ended. */
export function scratchFolder(t: { readonly teardown: (action: () => void) => void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-codec-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A sink into a new file of a folder, and what the file then holds. */
export function fileSink(
  folder: string,
  name: string,
  cap = 2 ** 30,
): { readonly sink: FileSink; readonly content: () => Buffer } {
  const path = join(folder, name);
  writeFileSync(path, '');
  const sink = new FileSink(openSync(path, 'r+'), cap);
  return { sink, content: () => readFileSync(path) };
}
