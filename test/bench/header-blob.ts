/*
 * How the store keeps the header tree: as one plain blob, beside chunks that are compressed each alone. What a store of chunks
 * saves on the disk, and what reading every file of the tree once, each somewhere else, takes more.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { corpusArchive } from '../native/corpus-archive.ts';
import { runCommand } from './transport/commands.ts';
import type { BenchRow } from './row.ts';

/** As in test/requirements.ts, which only tests can import. */
const corpusRoot = process.env['IKFS_CORPUS'] ?? join(packageRoot, '..', 'shared', 'corpus', 'ik-6.1.192');

const codecs = ['zstd', 'lz4'] as const;
const chunkKib = [16, 64] as const;

/** What chunks.c prints: bytes of all chunks, and seconds of reading all files. */
interface Measured {
  readonly bytes: number;
  readonly plain: number;
  readonly chunks: number;
}

/** The rows have no bar: they are what the choice of plain blobs rests on. */
export function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-bench-'));
  const [archive, tar, program] = ['kheaders.tar.xz', 'tar', 'chunks'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  try {
    writeFileSync(archive, corpusArchive(corpusRoot));
    runCommand('sh', ['-c', 'xz -dc "$0" >"$1"', archive, tar]);
    const source = join(packageRoot, 'test', 'bench', 'header-blob', 'chunks.c');
    runCommand('cc', ['-O2', '-o', program, source, '-lzstd', '-llz4']);
    const plainBytes = statSync(tar).size;
    const rows = codecs.flatMap((codec) =>
      chunkKib.flatMap((kib): BenchRow[] => {
        const { bytes, plain, chunks } = JSON.parse(runCommand(program, [codec, `${kib}`, tar])) as Measured;
        const peerName = `${kib} KiB chunks of ${codec}`;
        return [
          { name: 'header tree in the store', ours: plainBytes, peer: bytes, unit: 'bytes', peerName },
          { name: 'every header once', ours: plain, peer: chunks, peerName },
        ];
      }),
    );
    return Promise.resolve(rows);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
