import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSink } from '../../src/bytes/byte-sink.ts';
import { WindowSource } from '../../src/bytes/byte-source.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { native, packageRoot } from '../../src/native.ts';
import { indexArchiveInJavaScript } from '../../src/source/header-archive-javascript.ts';
import { indexArchiveNatively } from '../../src/source/header-archive.ts';
import type { ArchiveIndexer } from '../../src/source/header-archive.ts';
import { corpusArchive } from '../native/corpus-archive.ts';
import { interleaved } from './row.ts';
import type { BenchRow } from './row.ts';

const runs = 9;

/** As in test/requirements.ts, which only tests can import. */
const corpusRoot = process.env['IKFS_CORPUS'] ?? join(packageRoot, '..', 'shared', 'corpus', 'ik-6.1.192');

/** Opens the archive and a new file, decodes from one to the other with the index, and closes both. */
async function decodeAndIndex(indexer: ArchiveIndexer, archive: string, output: string): Promise<void> {
  const file = FileSource.open(archive);
  const descriptor = openSync(output, 'w');
  try {
    await indexer(
      new WindowSource(file, 0, file.size),
      new FileSink(descriptor, defaultLimits.archiveBytes),
      defaultLimits,
    );
  } finally {
    closeSync(descriptor);
    file.close();
  }
}

/** `xz -dc ARCHIVE > OUTPUT`, without a shell. */
function decodeWithXz(archive: string, output: string): void {
  const descriptor = openSync(output, 'w');
  try {
    const { status } = spawnSync('xz', ['-dc', archive], { stdio: ['ignore', descriptor, 'inherit'] });
    if (status !== 0) throw new Error(`xz ended with ${status}`);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Decoding and indexing the corpus kernel's header archive, with the addon and in JavaScript, beside decoding
 * alone with xz(1); all from and to files of one file system.
 */
export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-bench-'));
  const place = (name: string): string => join(folder, name);
  const archive = place('kheaders.tar.xz');
  const measure = async (indexer: ArchiveIndexer): Promise<{ ours: number; peer: number }> => {
    const ours = (): Promise<void> => decodeAndIndex(indexer, archive, place('ours.tar'));
    const peer = (): void => decodeWithXz(archive, place('peer.tar'));
    // Once unmeasured: code and libraries are loaded, the files exist.
    await ours();
    peer();
    if (statSync(place('ours.tar')).size !== statSync(place('peer.tar')).size)
      throw new Error('lengths differ');
    return interleaved(runs, ours, peer);
  };
  const name = 'kheaders.tar.xz decode + index';
  const peerName = 'xz -dc';
  try {
    writeFileSync(archive, corpusArchive(corpusRoot));
    const rows: BenchRow[] = [];
    if (native?.decoders.includes('xz')) {
      rows.push({ name, ...(await measure(indexArchiveNatively)), peerName, bar: 1.15 });
    }
    rows.push({ name: `${name}, without addon`, ...(await measure(indexArchiveInJavaScript)), peerName });
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
