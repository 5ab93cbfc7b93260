import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { native } from '../../src/native.ts';
import type { Native } from '../../src/native.ts';
import { testWith } from '../requirements.ts';
import { decoding } from './decoding-need.ts';
import { run, tarArchive, tarEntry, xz } from './tar-builder.ts';

const addon = native as Native;
const text = Buffer.from('int main(void) { return 0; }\n'.repeat(5000));

function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  return use(folder).finally(() => rmSync(folder, { recursive: true }));
}

async function rejection(
  t: ExecutionContext,
  promise: Promise<unknown>,
): Promise<{ code: unknown; offset: unknown }> {
  const error = await t.throwsAsync(promise);
  const { code, offset } = error as Error & { code?: unknown; offset?: unknown };
  return { code, offset };
}

const formats = [
  ['xz', ['--format=xz']],
  ['lzma', ['--format=lzma']],
] as const;

for (const [codec, options] of formats) {
  testWith(decoding)(`decodes ${codec} in memory and says where the stream ended`, async (t) => {
    const stream = xz(text, ...options);
    const followed = Buffer.concat([stream, Buffer.from('something else')]);
    const decoded = await addon.decode(codec, followed, null, text.length);
    t.deepEqual(decoded, { consumed: stream.length, produced: text.length, bytes: text });
  });

  testWith(decoding)(`decodes ${codec} from a part of a file to a file`, async (t) => {
    await inFolder(async (folder) => {
      const stream = xz(text, ...options);
      writeFileSync(join(folder, 'in'), Buffer.concat([Buffer.alloc(7), stream, Buffer.alloc(9)]));
      const input = openSync(join(folder, 'in'), 'r');
      const output = openSync(join(folder, 'out'), 'w');
      const pending = addon.decode(
        codec,
        { descriptor: input, offset: 7, length: stream.length + 9 },
        output,
        text.length,
      );
      // The work has descriptors of its own.
      closeSync(input);
      closeSync(output);
      t.deepEqual(await pending, { consumed: stream.length, produced: text.length, bytes: undefined });
      t.deepEqual(readFileSync(join(folder, 'out')), text);
    });
  });

  testWith(decoding)(`${codec}: one byte more than the cap is the error limit`, async (t) => {
    const { code, offset } = await rejection(
      t,
      addon.decode(codec, xz(text, ...options), null, text.length - 1),
    );
    t.is(code, 'limit');
    t.is(typeof offset, 'number');
  });

  testWith(decoding)(`${codec}: a stream cut off is the error truncated`, async (t) => {
    const stream = xz(text, ...options);
    for (const length of [0, 3, 13, stream.length >> 1, stream.length - 1]) {
      const cut = rejection(t, addon.decode(codec, stream.subarray(0, length), null, text.length));
      t.deepEqual(await cut, { code: 'truncated', offset: length });
    }
  });
}

testWith(decoding)('a dictionary beyond the decoder’s memory is the error limit', async (t) => {
  const stream = xz(text, '--lzma2=preset=0,dict=512MiB');
  t.is((await rejection(t, addon.decode('xz', stream, null, text.length))).code, 'limit');
});

testWith(decoding)('a file shorter than the range is the error truncated', async (t) => {
  await inFolder(async (folder) => {
    const stream = xz(text);
    writeFileSync(join(folder, 'in'), stream.subarray(0, 100));
    const descriptor = openSync(join(folder, 'in'), 'r');
    const decoding = addon.decode('xz', { descriptor, offset: 0, length: stream.length }, null, text.length);
    t.deepEqual(await rejection(t, decoding), { code: 'truncated', offset: 100 });
    closeSync(descriptor);
  });
});

testWith(decoding)('a full file system is the error no-space, and reading a folder is io', async (t) => {
  const full = openSync('/dev/full', 'w');
  const folder = openSync(tmpdir(), 'r');
  const archive = xz(tarArchive(tarEntry({ name: 'a', content: text })));
  t.is((await rejection(t, addon.decode('xz', xz(text), full, text.length))).code, 'no-space');
  t.is((await rejection(t, addon.indexArchive(archive, full, { bytes: 1e9, entries: 9 }))).code, 'no-space');
  const fromFolder = addon.decode('xz', { descriptor: folder, offset: 0, length: 9 }, null, 9);
  t.is((await rejection(t, fromFolder)).code, 'io');
  closeSync(full);
  closeSync(folder);
});

testWith(['addon'])('arguments of a wrong type throw TypeError', (t) => {
  const call = (name: keyof Native, args: readonly unknown[]): unknown =>
    (Reflect.get(addon, name) as (...values: readonly unknown[]) => unknown)(...args);
  const bytes = new Uint8Array(8);
  const range = { descriptor: 0, offset: 0, length: 1 };
  const wrong: readonly (readonly [keyof Native, readonly unknown[]])[] = [
    ['decode', []],
    ['decode', [1, bytes, null, 1]],
    ['decode', ['xz']],
    ['decode', ['xz', 'bytes', null, 1]],
    ['decode', ['xz', new Uint16Array(8), null, 1]],
    ['decode', ['xz', bytes, undefined, 1]],
    ['decode', ['xz', bytes, 'out', 1]],
    ['decode', ['xz', bytes, null, -1]],
    ['decode', ['xz', bytes, null, 1.5]],
    ['decode', ['xz', bytes, null, NaN]],
    ['decode', ['xz', bytes, null, 2 ** 60]],
    ['decode', ['xz', bytes, null, 10n]],
    ['decode', ['xz', { ...range, descriptor: 2 ** 40 }, null, 1]],
    ['decode', ['xz', { ...range, offset: -1 }, null, 1]],
    ['decode', ['xz', { ...range, length: '1' }, null, 1]],
    ['decode', ['xz', {}, null, 1]],
    ['indexArchive', []],
    ['indexArchive', [bytes, null, { bytes: 1, entries: 1 }]],
    ['indexArchive', [bytes, 1]],
    ['indexArchive', [bytes, 1, { bytes: 1 }]],
    ['indexArchive', [null, 1, { bytes: 1, entries: 1 }]],
    ['memoryFile', []],
    ['memoryFile', [{}]],
  ];
  for (const [name, args] of wrong) {
    t.throws(() => call(name, args), { instanceOf: TypeError }, `${name} ${JSON.stringify(args, jsonValue)}`);
  }
});

const jsonValue = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

testWith(['addon'])('a codec that is not there and a closed descriptor are errors with a code', (t) => {
  t.throws(() => addon.decode('brotli', new Uint8Array(8), null, 1), { code: 'unsupported' });
  t.throws(() => addon.decode('xz', new Uint8Array(8), 1_000_000, 1), { code: 'io' });
});

testWith(['addon'])('memoryFile opens a file that is nowhere but in memory', (t) => {
  const descriptor = addon.memoryFile('ikfs-test');
  t.regex(readlinkSync(`/proc/self/fd/${descriptor}`), /memfd:ikfs-test/);
  t.is(writeSync(descriptor, 'content'), 7);
  t.regex(run('cat', [`/proc/${process.pid}/fd/${descriptor}`]).toString(), /^content$/);
  closeSync(descriptor);
});
