import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../src/bytes/limits.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { ArchiveEntry } from '../../src/format/archive-index.ts';
import { indexArchiveInJavaScript } from '../../src/source/header-archive-javascript.ts';
import { indexArchiveNatively } from '../../src/source/header-archive.ts';
import type { ArchiveIndexer } from '../../src/source/header-archive.ts';
import { corpusArchive } from '../native/corpus-archive.ts';
import { decoding } from '../native/decoding-need.ts';
import { codeOf, entriesOf, inFile, indexing } from '../native/indexing.ts';
import { gnuMagic, paxRecord, run, tarArchive, tarEntry, xz } from '../native/tar-builder.ts';
import { corpusHeaderChecksums, corpusTruth, sha256 } from '../real/truth.ts';
import { Random } from '../random.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import type { Need } from '../requirements.ts';

const implementations: readonly (readonly [string, ArchiveIndexer, readonly Need[]])[] = [
  ['addon', indexArchiveNatively, decoding],
  ['JavaScript', indexArchiveInJavaScript, []],
];

const short = { name: 'a.h', content: Buffer.from('#pragma once\n') };
const small = (): Buffer => xz(tarArchive(tarEntry(short)));

// --- What tar programs write.

const longFolder = 'd'.repeat(90);
const longName = `${longFolder}/${'f'.repeat(90)}.h`;
const longTarget = `../${'t'.repeat(180)}`;

/** The entries of the archive that `tarOfFolder` makes, without offsets. */
const written: readonly Omit<ArchiveEntry, 'offset'>[] = [
  { kind: 'directory', path: '', mode: 0o750, size: 0, target: '' },
  { kind: 'file', path: 'Grüße.h', mode: 0o644, size: 700, target: '' },
  { kind: 'directory', path: longFolder, mode: 0o755, size: 0, target: '' },
  { kind: 'file', path: longName, mode: 0o600, size: 512, target: '' },
  { kind: 'file', path: 'empty', mode: 0o4755, size: 0, target: '' },
  { kind: 'link', path: 'link', mode: 0o777, size: 0, target: longTarget },
];

function contentOf({ path, size }: Omit<ArchiveEntry, 'offset'>): Buffer {
  return Buffer.alloc(size, path);
}

/** A folder of the entries above, archived by tar(1) in the format named. */
function tarOfFolder(format: string): Buffer {
  const parent = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  const folder = join(parent, 'headers');
  try {
    mkdirSync(folder);
    for (const entry of written) {
      const path = join(folder, entry.path);
      if (entry.kind === 'directory') mkdirSync(path, { recursive: true });
      else if (entry.kind === 'file') writeFileSync(path, contentOf(entry));
      else symlinkSync(entry.target, path);
      if (entry.kind !== 'link') chmodSync(path, entry.mode);
    }
    return run('tar', ['-c', `--format=${format}`, '--sort=name', '.'], undefined, folder);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

for (const [which, indexer, needs] of implementations) {
  testWith([...needs, 'corpus', 'tool:objcopy', 'tool:xz'])(
    `${which}: the kernel's own archive is listed with the content that tar unpacks`,
    async (t) => {
      const archive = corpusArchive(corpusRoot());
      t.is(sha256(archive), corpusTruth()['kheaders.tar.xz']?.sha256 ?? 'not in the truth');
      const result = await indexing(indexer, archive);
      const entries = entriesOf(result);
      const { tar, consumed } = result as Extract<typeof result, { tar: Buffer }>;
      t.is(consumed, archive.length);
      const truth = corpusHeaderChecksums();
      const files = entries.filter(({ kind }) => kind === 'file');
      t.deepEqual(files.map(({ path }) => path).sort(), [...truth.keys()].sort());
      const differing = files.filter(
        ({ path, offset, size }) => sha256(tar.subarray(offset, offset + size)) !== truth.get(path),
      );
      t.deepEqual(differing, []);
      t.is(entries.filter(({ kind }) => kind === 'link').length, 3);
    },
  );

  for (const format of ['gnu', 'oldgnu', 'posix']) {
    testWith([...needs, 'tool:tar', 'tool:xz'])(
      `${which}: reads what tar --format=${format} writes`,
      async (t) => {
        const plain = tarOfFolder(format);
        const result = await indexing(indexer, xz(plain));
        const entries = entriesOf(result);
        t.deepEqual(
          entries.map(({ kind, path, mode, size, target }) => ({ kind, path, mode, size, target })),
          written,
        );
        for (const { kind, offset, size, path } of entries.filter((entry) => entry.kind === 'file')) {
          const stored = plain.subarray(offset, offset + size);
          t.deepEqual(stored, contentOf({ kind, path, size, mode: 0, target: '' }), path);
        }
        t.true('tar' in result && result.tar.equals(plain));
      },
    );
  }

  testWith([...needs, 'tool:xz'])(`${which}: joins the name and prefix of the POSIX form`, async (t) => {
    const archive = xz(tarArchive(tarEntry({ ...short, prefix: 'include/linux' })));
    t.deepEqual(
      entriesOf(await indexing(indexer, archive)).map(({ path }) => path),
      ['include/linux/a.h'],
    );
  });

  testWith([...needs, 'tool:xz'])(`${which}: leaves bytes after the stream alone`, async (t) => {
    const archive = small();
    for (const after of [
      Buffer.alloc(8),
      Buffer.from('trailing bytes'),
      archive,
      Buffer.alloc(2 ** 20, 'YZ'),
    ]) {
      const followed = Buffer.concat([archive, after]);
      const inMemory = await indexing(indexer, followed);
      t.is(entriesOf(inMemory).length, 1);
      t.is('consumed' in inMemory ? inMemory.consumed : undefined, archive.length);
      t.deepEqual(await inFile(followed, (source) => indexing(indexer, source)), inMemory);
    }
  });

  testWith([...needs, 'tool:xz'])(`${which}: an archive ends at its first block of zeros`, async (t) => {
    const hidden = tarEntry({ name: 'hidden.h', content: Buffer.from('x') });
    for (const after of [hidden, Buffer.alloc(512, 'no header')]) {
      const archive = xz(Buffer.concat([tarArchive(tarEntry(short)), after, Buffer.alloc(1024)]));
      t.deepEqual(
        entriesOf(await indexing(indexer, archive)).map(({ path }) => path),
        ['a.h'],
      );
    }
  });

  testWith([...needs, 'tool:xz'])(`${which}: reports names as they are, for others to judge`, async (t) => {
    const names = ['../up', '/absolute', './/a', './', '.', 'a//', '/', 'a/./b', 'a', 'a'];
    const archive = xz(tarArchive(...names.map((name) => tarEntry({ name, type: '5' }))));
    t.deepEqual(
      entriesOf(await indexing(indexer, archive)).map(({ path }) => path),
      ['../up', '/absolute', 'a', '', '', 'a', '/', 'a/./b', 'a', 'a'],
    );
  });

  testWith([...needs, 'tool:xz'])(`${which}: an archive cut off anywhere is truncated`, async (t) => {
    const noise = new Random(1).bytes(40_000);
    const archive = xz(tarArchive(tarEntry({ name: 'noise', content: noise }), tarEntry(short)), '-0');
    t.true(archive.length > 5 * 4096);
    const lengths = [0, 1, 5, 6, 11, 12, 13, archive.length - 12, archive.length - 1];
    for (let length = 4096; length < archive.length; length += 4096) lengths.push(length);
    for (const length of lengths) {
      t.is(
        codeOf(await indexing(indexer, archive.subarray(0, length))),
        'truncated',
        `after ${length} bytes`,
      );
    }
  });

  testWith([...needs, 'tool:xz'])(`${which}: a flipped bit anywhere is an error`, async (t) => {
    const archive = small();
    for (let at = 0; at < archive.length; at += 1) {
      const damaged = Buffer.from(archive);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      t.not(codeOf(await indexing(indexer, damaged)), undefined, `byte ${at}`);
    }
  });

  testWith([...needs, 'tool:xz'])(`${which}: a bomb is stopped at the cap`, async (t) => {
    const zeros = tarEntry({ name: 'zeros', content: Buffer.alloc(64 * 1024 * 1024) });
    const bomb = xz(tarArchive(zeros));
    t.is(codeOf(await indexing(indexer, bomb, { archiveBytes: 1024 * 1024 })), 'limit');
  });

  testWith([...needs, 'tool:xz'])(`${which}: the cap itself is allowed, in bytes and entries`, async (t) => {
    const plain = tarArchive(tarEntry(short), tarEntry({ ...short, name: 'b.h' }));
    const exact: Partial<Limits> = { archiveBytes: plain.length, archiveEntries: 2 };
    t.is(entriesOf(await indexing(indexer, xz(plain), exact)).length, 2);
    t.is(codeOf(await indexing(indexer, xz(plain), { ...exact, archiveBytes: plain.length - 1 })), 'limit');
    t.is(codeOf(await indexing(indexer, xz(plain), { ...exact, archiveEntries: 1 })), 'limit');
  });
}

// --- What no header archive has.

const refused: readonly (readonly [string, ErrorCode, () => Buffer])[] = [
  ['a hard link', 'unsupported', () => tarArchive(tarEntry({ name: 'h', type: '1', target: 'a.h' }))],
  ['a character device', 'unsupported', () => tarArchive(tarEntry({ name: 'null', type: '3' }))],
  ['a block device', 'unsupported', () => tarArchive(tarEntry({ name: 'sda', type: '4' }))],
  ['a FIFO', 'unsupported', () => tarArchive(tarEntry({ name: 'pipe', type: '6' }))],
  [
    'a sparse file of GNU',
    'unsupported',
    () => tarArchive(tarEntry({ ...short, type: 'S', magic: gnuMagic })),
  ],
  [
    'a sparse file of pax',
    'unsupported',
    () => tarArchive(pax(paxRecord('GNU.sparse.major', '1')), tarEntry(short)),
  ],
  ['an unknown type', 'unsupported', () => tarArchive(tarEntry({ ...short, type: 'V' }))],
  ['a header without magic', 'unsupported', () => tarArchive(tarEntry({ ...short, magic: '' }))],
  [
    'a name that is not UTF-8',
    'unsupported',
    () => tarArchive(tarEntry({ name: Buffer.from('a\xff', 'latin1') })),
  ],
  ['a name with U+FFFD', 'unsupported', () => tarArchive(tarEntry({ name: 'a\ufffd' }))],
  ['a surrogate in UTF-8', 'unsupported', () => tarArchive(tarEntry({ name: Buffer.from('eda080', 'hex') }))],
  ['a zero byte in a name', 'corrupt', () => tarArchive(pax(paxRecord('path', 'a\0b')), tarEntry(short))],
  ['a name longer than a path', 'limit', () => tarArchive(gnuLong('L', 'n'.repeat(4096)), tarEntry(short))],
  ['a target longer than a path', 'limit', () => tarArchive(gnuLong('K', 'n'.repeat(4096)), link('x'))],
  ['a name header of 5 MB', 'limit', () => tarArchive(gnuLong('L', 'n'.repeat(5_000_000)), tarEntry(short))],
  ['an entry without a name', 'corrupt', () => tarArchive(tarEntry({ name: '' }))],
  ['a link to nowhere', 'corrupt', () => tarArchive(link(''))],
  ['a directory with content', 'corrupt', () => tarArchive(tarEntry({ ...short, type: '5' }))],
  ['a link with content', 'corrupt', () => tarArchive(tarEntry({ ...short, type: '2', target: 'b' }))],
  ['a wrong checksum', 'corrupt', () => tarArchive(tarEntry({ ...short, checksumError: 1 }))],
  ['a size that is no number', 'corrupt', () => tarArchive(tarEntry({ name: 'a', size: 'many' }))],
  [
    'a negative size',
    'corrupt',
    () => tarArchive(tarEntry({ name: 'a', size: Buffer.from('fffffffffffffffffffffffe', 'hex') })),
  ],
  ['a mode that is no number', 'corrupt', () => tarArchive(tarEntry({ name: 'a', mode: 'rwxr-x' }))],
  [
    'a size of 2^80',
    'corrupt',
    () => tarArchive(tarEntry({ name: 'a', size: Buffer.from('80ffffffffffffffffffffff', 'hex') })),
  ],
  ['a size beyond the end', 'truncated', () => tarArchive(tarEntry({ name: 'a', size: '77777777777\0' }))],
  ['an archive without an end', 'truncated', () => tarEntry(short)],
  ['half a header', 'truncated', () => tarEntry(short).subarray(0, 300)],
  ['nothing in the stream', 'truncated', () => Buffer.alloc(0)],
  ['no tar archive', 'corrupt', () => Buffer.alloc(4096, 'no tar ')],
];

function pax(records: string): Buffer {
  return tarEntry({ name: 'pax', type: 'x', content: Buffer.from(records) });
}

function gnuLong(type: 'L' | 'K', name: string): Buffer {
  return tarEntry({ name: '././@LongLink', type, content: Buffer.from(`${name}\0`), magic: gnuMagic });
}

function link(target: string): Buffer {
  return tarEntry({ name: 'link', type: '2', target, magic: gnuMagic });
}

for (const [which, indexer, needs] of implementations) {
  for (const [what, code, archive] of refused) {
    testWith([...needs, 'tool:xz'])(`${which}: refuses ${what}`, async (t) => {
      t.is(codeOf(await indexing(indexer, xz(archive()))), code);
    });
  }

  testWith([...needs, 'tool:xz'])(`${which}: an error names the entry and the archive`, async (t) => {
    const archive = xz(tarArchive(tarEntry(short), tarEntry({ name: 'dev/null', type: '3' })));
    const result = await indexing(indexer, archive);
    if (!('error' in result)) {
      t.fail('a device was accepted');
      return;
    }
    t.regex(result.error.message, /"dev\/null" is a device .*0x400/);
    t.is(result.error.path, 'archive');
    t.deepEqual(result.error.steps, ['header archive']);
  });

  testWith(needs)(`${which}: refuses what is not xz`, async (t) => {
    t.is(codeOf(await indexing(indexer, Buffer.alloc(4096, 'not xz '))), 'corrupt');
  });
}

// --- The two side by side.

const accepted: readonly (readonly [string, readonly Need[], () => Buffer])[] = [
  ["the kernel's archive", ['corpus', 'tool:objcopy'], () => corpusArchive(corpusRoot())],
  ['an archive of tar --format=gnu', ['tool:tar'], () => xz(tarOfFolder('gnu'))],
  ['an archive of tar --format=posix', ['tool:tar'], () => xz(tarOfFolder('posix'), '--check=sha256')],
  ['several blocks', ['tool:tar'], () => xz(tarOfFolder('gnu'), '--block-size=4KiB', '--check=crc32')],
  ['an empty archive', [], () => xz(tarArchive())],
  ['an old directory', [], () => xz(tarArchive(tarEntry({ name: 'old/', type: '\0' }), tarEntry(short)))],
  [
    'a base-256 size',
    [],
    () => xz(tarArchive(tarEntry({ ...short, size: Buffer.from('80000000000000000000000d', 'hex') }))),
  ],
  ['a pax size', [], () => xz(tarArchive(pax(paxRecord('size', '13')), tarEntry({ ...short, size: '0\0' })))],
  ['an empty pax name', [], () => xz(tarArchive(pax(paxRecord('path', '')), tarEntry(short)))],
  [
    'a global comment',
    [],
    () =>
      xz(
        tarArchive(
          tarEntry({ name: 'g', type: 'g', content: Buffer.from(paxRecord('comment', 'x')) }),
          tarEntry(short),
        ),
      ),
  ],
];

for (const [what, needs, archive] of accepted) {
  testWith([...decoding, ...needs])(`addon and JavaScript give the same for ${what}`, async (t) => {
    const bytes = archive();
    const byAddon = await indexing(indexArchiveNatively, bytes);
    const byJavaScript = await indexing(indexArchiveInJavaScript, bytes);
    t.deepEqual(entriesOf(byJavaScript), entriesOf(byAddon));
    if ('error' in byAddon || 'error' in byJavaScript) return;
    t.true(byJavaScript.index.equals(byAddon.index));
    t.true(byJavaScript.tar.equals(byAddon.tar));
    t.is(byJavaScript.consumed, byAddon.consumed);
    t.is(byJavaScript.produced, byAddon.produced);
  });
}
