import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryOf } from '../../daemon/memory/process-memory.ts';
import type { ProcessMemory } from '../../daemon/memory/process-memory.ts';
import { ikfs } from '../mount/daemon.ts';
import { makeManyKernels } from './memory/many-kernels.ts';
import type { ManyKernels } from './memory/many-kernels.ts';
import type { BenchRow } from './row.ts';
import { corpusRoot } from '../corpus-root.ts';
import { runCommand } from './transport/commands.ts';
import { Mountpoints } from './transport/peers.ts';
import { ServerProcess } from './transport/server-process.ts';

const MB = 1e6;

/** The most that a daemon may have, in bytes. */
const bars = { anonymous: 12 * MB, resident: 45 * MB, peak: 90 * MB };

/** Within this time after the last request a daemon must have let go of what it does not need, in milliseconds. */
const patience = 40_000;

/** How many kernels with thousands of modules there are beside the one that has headers. */
const manyKernels = 30;

/** What a daemon had, and when. */
interface Measured {
  /** Peak until the header tree had been read. */
  readonly decoding: number;
  /** Peak until all was read. */
  readonly peak: number;
  /** After the header tree was read and directories were listed. */
  readonly idle: ProcessMemory;
  /** After one kernel's modules were read as well. */
  readonly idleAfterModules: ProcessMemory | undefined;
}

/**
 * What the daemon has in memory: at most while it decodes the header archive, and when nobody has asked for anything any
 * more after the whole header tree was read; the same with 30 kernels of 4,000 modules mounted as well, all of whose
 * btf/ were listed, and again after one's were read, 4,000 files that the kernel may ask for at any time: for these there
 * is no bar. Beside a Node that does nothing, which is the least that can be had with it, and
 * a server of a squashfs of the same tree.
 */
export async function run(): Promise<BenchRow[]> {
  if (process.getuid?.() !== 0 || !existsSync('/dev/fuse') || !existsSync(corpusRoot())) {
    console.error(
      'skipped: memory: needs root, /dev/fuse and the corpus kernel (IKFS_CORPUS names its directory)',
    );
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-bench-'));
  const mountpoints = new Mountpoints(join(folder, 'mounts'));
  let many: ManyKernels | undefined;
  try {
    const bare = await bareNode();
    const one = await measureIkfs(folder, mountpoints, corpusRoot(), []);
    const rows = [...rowsOf('one kernel', one, bare), ...(await beside(folder, mountpoints, one))];
    many = makeManyKernels(manyKernels);
    if (!many) {
      console.error('skipped: memory of many kernels: the Debian kernel was not fetched');
      return rows;
    }
    const all = await measureIkfs(folder, mountpoints, many.root, many.releases, many.genuine);
    return [...rows, ...rowsOf(`and ${manyKernels} kernels`, all, bare)];
  } finally {
    many?.remove();
    rmSync(folder, { recursive: true });
  }
}

function rowsOf(
  name: string,
  { decoding, peak, idle, idleAfterModules }: Measured,
  bare: ProcessMemory,
): BenchRow[] {
  const common = { unit: 'bytes', peerName: 'bare node' } as const;
  return [
    {
      ...common,
      name: `${name}: peak of decoding headers`,
      ours: decoding,
      peer: bare.peak,
      limit: bars.peak,
    },
    { ...common, name: `${name}: peak of all`, ours: peak, peer: bare.peak },
    {
      ...common,
      name: `${name}: idle, anonymous`,
      ours: ownOf(idle),
      peer: ownOf(bare),
      limit: bars.anonymous,
    },
    { ...common, name: `${name}: idle, files`, ours: idle.ofFiles, peer: bare.ofFiles },
    {
      ...common,
      name: `${name}: idle, RSS`,
      ours: residentOf(idle),
      peer: residentOf(bare),
      limit: bars.resident,
    },
    ...(idleAfterModules === undefined
      ? []
      : [
          {
            ...common,
            name: `${name}: idle after reading one's modules, anonymous`,
            ours: ownOf(idleAfterModules),
            peer: ownOf(bare),
          },
        ]),
  ];
}

const ownOf = ({ anonymous, shared }: ProcessMemory): number => anonymous + shared;
const residentOf = (memory: ProcessMemory): number => ownOf(memory) + memory.ofFiles;

/** Serves the corpus' kernel's header tree, and what else is below a root directory, and measures. */
async function measureIkfs(
  folder: string,
  mountpoints: Mountpoints,
  root: string,
  listed: readonly string[],
  read?: string,
): Promise<Measured> {
  const mountpoint = mountpoints.next();
  const store = mkdtempSync(join(folder, 'store-'));
  const server = new ServerProcess(
    process.execPath,
    [
      ikfs,
      'mount',
      mountpoint,
      '--transport',
      'kernel',
      '--no-prefetch',
      '--cache-dir',
      store,
      '--sysroot',
      root,
    ],
    mountpoint,
  );
  await server.mounted('Ctrl-C unmounts');
  try {
    const [withHeaders = ''] = readdirSync(join(corpusRoot(), 'lib', 'modules'));
    await readBelow(join(mountpoint, withHeaders, 'build'));
    const decoding = memoryOf(server.pid).peak;
    for (const release of listed) await readdir(join(mountpoint, release, 'btf'));
    const idle = await idleMemory(server.pid);
    if (read !== undefined) await readModules(join(mountpoint, read, 'btf'));
    const peak = memoryOf(server.pid).peak;
    const idleAfterModules = read === undefined ? undefined : await idleMemory(server.pid);
    return { decoding, peak, idle, idleAfterModules };
  } finally {
    await server.stop();
  }
}

/** The memory of a process once it is within the bars, or when it has had time enough to be. */
async function idleMemory(pid: number): Promise<ProcessMemory> {
  const deadline = Date.now() + patience;
  for (;;) {
    const memory = memoryOf(pid);
    const isWithin = ownOf(memory) <= bars.anonymous && residentOf(memory) <= bars.resident;
    if (isWithin || Date.now() > deadline) return memory;
    await delay(500);
  }
}

/** Reads all files below a directory, by another process. */
function readBelow(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const tar = spawn('sh', ['-c', 'tar -cf - -C "$0" . | cat > /dev/null', folder], { stdio: 'inherit' });
    tar.on('error', reject);
    tar.on('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`tar ended with ${status}`));
    });
  });
}

/** Reads what a directory of modules lists. */
async function readModules(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    try {
      await readFile(join(folder, name));
    } catch (error) {
      // vmlinux is listed as long as nobody knows that the image has no BTF.
      if (name !== 'vmlinux') throw error;
    }
  }
}

/** A Node that does nothing. */
async function bareNode(): Promise<ProcessMemory> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9); console.log("up")'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return memoryOf(child.pid ?? 0);
  } finally {
    child.kill();
  }
}

/** The same header tree in a squashfs, served by squashfuse_ll; nothing where its programs are not installed. */
async function beside(folder: string, mountpoints: Mountpoints, ours: Measured): Promise<BenchRow[]> {
  const programs = ['squashfuse_ll', 'mksquashfs'];
  if (programs.some((program) => spawnSync(program, ['-h'], { stdio: 'ignore' }).error)) return [];
  const tree = join(folder, 'tree');
  const store = mkdtempSync(join(folder, 'store-'));
  runCommand(process.execPath, [
    ...[ikfs, 'extract', '--what', 'headers', '--output', tree],
    ...['--cache-dir', store, '--sysroot', corpusRoot()],
  ]);
  const image = join(folder, 'tree.squashfs');
  runCommand('mksquashfs', [tree, image, '-comp', 'zstd', '-quiet', '-no-progress']);
  const mountpoint = mountpoints.next();
  const server = new ServerProcess('squashfuse_ll', ['-f', '-o', 'ro', image, mountpoint], mountpoint);
  await server.mounted();
  try {
    await readBelow(mountpoint);
    const theirs = memoryOf(server.pid);
    const common = { unit: 'bytes', peerName: 'squashfuse_ll' } as const;
    return [
      { ...common, name: 'one kernel: idle, anonymous', ours: ownOf(ours.idle), peer: ownOf(theirs) },
      { ...common, name: 'one kernel: idle, RSS', ours: residentOf(ours.idle), peer: residentOf(theirs) },
    ];
  } finally {
    await server.stop();
  }
}
