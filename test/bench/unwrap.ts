import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileSource } from '../../src/bytes/file-source.ts';
import { parseBzImage } from '../../src/format/bzimage.ts';
import { native } from '../../src/native.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { unpackedPackage } from '../debian-kernels.ts';
import { ikfs } from '../mount/daemon.ts';
import { median } from './row.ts';
import type { BenchOptions, BenchRow } from './row.ts';
import { runCommand } from './transport/commands.ts';
import { corpusRoot } from '../corpus-root.ts';
import { btfOf } from './unwrap-engine.ts';

/** A kernel image, and the tool that decompresses what it holds. */
interface Image {
  readonly title: string;
  readonly tool: string;
  /** Its root directory, undefined when it is not there. */
  readonly root: string | undefined;
  /** Bytes of the size that the kernel's build appends to the compressed kernel. */
  readonly sizeField: number;
}

const images: readonly Image[] = [
  { title: 'Debian 6.1', tool: 'xz', root: unpackedPackage('6.1'), sizeField: 4 },
  { title: 'Debian 6.1 cloud', tool: 'lz4', root: unpackedPackage('6.1-cloud'), sizeField: 4 },
  { title: 'Debian 6.12 cloud', tool: 'zstd', root: unpackedPackage('6.12-cloud'), sizeField: 4 },
  { title: 'corpus', tool: 'gzip', root: existsSync(corpusRoot()) ? corpusRoot() : undefined, sizeField: 0 },
];

/** The most that memory may grow while the engine unwraps the corpus' image, in bytes. */
const peakLimit = 32 * 1024 * 1024;

/** Everything that is measured of one image, by name. */
type Contenders = Readonly<
  Record<'engine' | 'process' | 'to memory' | 'to nowhere' | 'shell', () => Promise<void> | void>
> & { readonly script?: () => void };

/** Each as often as the others, in turns, beginning with another each round. @returns the medians in seconds */
async function inTurns(rounds: number, contenders: Contenders): Promise<Record<keyof Contenders, number>> {
  const entries = Object.entries(contenders);
  const took = new Map(entries.map(([name]): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % entries.length;
    for (const [name, work] of [...entries.slice(first), ...entries.slice(0, first)]) {
      const started = performance.now();
      await work();
      took.get(name)?.push((performance.now() - started) / 1000);
    }
  }
  return Object.fromEntries([...took].map(([name, times]) => [name, median(times)])) as Record<
    keyof Contenders,
    number
  >;
}

/** `TOOL -dc < INPUT > OUTPUT`, without a shell. */
function decompress(tool: string, input: string, output: number): void {
  const source = openSync(input, 'r');
  try {
    const { status } = spawnSync(tool, ['-dc'], { stdio: [source, output, 'inherit'] });
    if (status !== 0) throw new Error(`${tool} ended with ${status}`);
  } finally {
    closeSync(source);
    closeSync(output);
  }
}

/**
 * What extract-vmlinux and objcopy(1) do, where the compressed kernel need not be looked for. Its arguments are the
 * image, the compressed kernel's offset and length there, and the tool.
 */
const script = `dd if="$1" bs=1M iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none |
  "$4" -dc >vmlinux && objcopy --dump-section .BTF=btf vmlinux rest`;

/**
 * The kernel's own scripts/extract-vmlinux, where somebody has it: IKFS_EXTRACT_VMLINUX, or that of kernel headers that
 * are installed, as Debian's linux-headers-*-common has it.
 */
function findExtractVmlinux(): string | undefined {
  const top = '/usr/src';
  const installed = existsSync(top)
    ? readdirSync(top).map((name) => join(top, name, 'scripts', 'extract-vmlinux'))
    : [];
  return [process.env['IKFS_EXTRACT_VMLINUX'] ?? '', ...installed].find((path) => existsSync(path));
}

/** What it is for: getting at the BTF. Its arguments are the script and the image. */
const extractVmlinux = 'sh "$1" "$2" >vmlinux && objcopy --dump-section .BTF=btf vmlinux rest';

/** The engine's own program, in a process of its own: by how many MiB its memory grows at the most. */
function peakOf(path: string): number {
  const program = fileURLToPath(new URL('./unwrap-engine.js', import.meta.url));
  return Number(runCommand(process.execPath, [program, path]));
}

/** Measures one image. @param folder where files may be made */
async function measure(image: Image, root: string, folder: string, rounds: number): Promise<BenchRow[]> {
  const addon = native;
  if (!addon) throw new Error('there is no addon, and so no memory to decompress into');
  const { title, tool, sizeField } = image;
  const name = readdirSync(join(root, 'boot')).find((each) => each.startsWith('vmlinuz-')) ?? '';
  const path = join(root, 'boot', name);
  const file = FileSource.open(path);
  const { payload } = parseBzImage(file);
  const length = payload.size - sizeField;
  const packed = join(folder, 'packed');
  writeFileSync(packed, file.read(payload.offset, length));
  file.close();

  const store = new MemoryStore();
  const vmlinuxScript = findExtractVmlinux();
  let stores = 0;
  const contenders: Contenders = {
    async engine() {
      await btfOf(path, store);
    },
    process() {
      // A store of its own, so that the image is unwrapped each time.
      const cache = join(folder, `store-${stores++}`);
      const args = [
        'extract',
        path,
        '--what',
        'btf',
        '-o',
        join(folder, 'out'),
        '--force',
        '--cache-dir',
        cache,
      ];
      runCommand(process.execPath, [ikfs, ...args]);
    },
    'to memory': () => decompress(tool, packed, addon.memoryFile('ikfs-bench')),
    'to nowhere': () => decompress(tool, packed, openSync('/dev/null', 'w')),
    shell() {
      const range = [payload.offset, length].map(String);
      runCommand('sh', ['-c', script, 'sh', path, ...range, tool], { cwd: folder });
    },
    ...(vmlinuxScript === undefined
      ? {}
      : {
          script: () =>
            void runCommand('sh', ['-c', extractVmlinux, 'sh', vmlinuxScript, path], { cwd: folder }),
        }),
  };
  // Once unmeasured: programs and images are in the page cache, code is compiled, and all find the same.
  await inTurns(1, contenders);
  if (!readFileSync(join(folder, 'btf')).equals(await btfOf(path, store)))
    throw new Error(`${title}: BTF differs`);

  const took = await inTurns(rounds, contenders);
  const memory: BenchRow = {
    name: `memory for ${title}, engine`,
    unit: 'bytes',
    ours: peakOf(path),
    peer: peakLimit,
    peerName: 'allowed',
    ...(tool === 'gzip' ? { limit: peakLimit } : {}),
  };
  const compare = (ours: 'engine' | 'process', peer: keyof Contenders, peerName: string): BenchRow => ({
    name: `BTF of ${title}, ${ours}`,
    ours: took[ours],
    peer: took[peer],
    peerName,
  });
  return [
    { ...compare('engine', 'to memory', `${tool} -dc into memory`), bar: 1.2 },
    compare('engine', 'to nowhere', `${tool} -dc >/dev/null`),
    compare('process', 'to memory', `${tool} -dc into memory`),
    compare('process', 'shell', `dd | ${tool} -dc; objcopy`),
    ...(vmlinuxScript === undefined ? [] : [compare('process', 'script', 'extract-vmlinux; objcopy')]),
    memory,
  ];
}

/**
 * Extracting the BTF from compressed images: in this process with what is decoded in memory, and as the command
 * with a new store on disk. Beside that the format's own tool, which only decompresses what the image holds, and
 * what a shell script would do to get at the BTF.
 */
export async function run({ rounds = 9 }: BenchOptions): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-bench-'));
  if (findExtractVmlinux() === undefined) {
    console.error('skipped: extract-vmlinux is not there (IKFS_EXTRACT_VMLINUX=PATH names it)');
  }
  try {
    const rows: BenchRow[] = [];
    for (const image of images) {
      if (image.root === undefined) console.error(`skipped: ${image.title} is not there`);
      else rows.push(...(await measure(image, image.root, folder, rounds)));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
