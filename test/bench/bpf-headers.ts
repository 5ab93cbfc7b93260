import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { versionCode, versionOf } from '../../src/bpf-headers/release.ts';
import { nodeAt } from '../../src/tree/path.ts';
import { ContentReader } from '../../src/artifact/content-reader.ts';
import {
  capturePrograms,
  compilePrograms,
  missingForCapture,
  missingNames,
} from '../bpf-headers/bcc-programs.ts';
import type { CompiledProgram } from '../bpf-headers/bcc-programs.ts';
import { copyTree, madeTree } from '../bpf-headers/made-tree.ts';
import { mergeHeaders } from '../consumers/merged-headers.ts';
import { corpusRoot } from '../corpus-root.ts';
import { debianCache, unpackedPackage } from '../debian-kernels.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { median } from './row.ts';
import type { BenchOptions, BenchRow } from './row.ts';

/** A kernel, and its own headers. */
interface Subject {
  readonly name: string;
  readonly sysroot: string;
  /** Puts the headers that it was built with into a folder that is not there yet. */
  readonly realHeaders: (folder: string) => Promise<void> | void;
}

/** The archive in the corpus kernel, unpacked. */
async function unpackArchive(folder: string): Promise<void> {
  const tree = await openTree({ sysroot: corpusRoot() });
  const reader = new ContentReader();
  try {
    const [release = ''] = tree.catalogue.kernels.keys();
    const build = await nodeAt(tree.root, `${release}/build`);
    if (build.kind === 'directory') await copyTree(build, folder, reader);
  } finally {
    reader.close();
    tree.close();
  }
}

/** The kernels whose packages and headers are there. */
function subjects(): Subject[] {
  const found: Subject[] = [];
  if (existsSync(corpusRoot()))
    found.push({ name: 'corpus', sysroot: corpusRoot(), realHeaders: unpackArchive });
  for (const kernel of ['6.1-cloud', '6.12-cloud'] as const) {
    const sysroot = unpackedPackage(kernel);
    const release = sysroot && basename(sysroot).replace(/^linux-image-|-unsigned$/g, '');
    if (sysroot === undefined || !existsSync(join(debianCache(), `linux-headers-${release}`)))
      console.error(`skipped: Debian ${kernel}: its packages were not fetched`);
    else
      found.push({
        name: `Debian ${kernel}`,
        sysroot,
        realHeaders: (folder) => mergeHeaders(release ?? '', folder),
      });
  }
  return found;
}

/** What making the tree takes in a process that has made none before: CPU time, as it is mostly work of one thread. */
function measureMaking({ name, sysroot }: Subject, rounds: number, folder: string): BenchRow[] {
  const script = join(import.meta.dirname, 'bpf-headers', 'make.js');
  const made = Array.from({ length: rounds }, () => {
    const { status, output, stderr } = spawnSync(process.execPath, [script, sysroot], {
      stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`make.js ended with ${status}: ${stderr}`);
    return JSON.parse(output[3] ?? '') as { seconds: number; bytes: number };
  });
  const btf = join(folder, 'btf');
  const peer = Array.from({ length: rounds }, () => {
    const started = performance.now();
    spawnSync('bpftool', ['btf', 'dump', 'file', btf, 'format', 'c'], { stdio: 'ignore' });
    return (performance.now() - started) / 1000;
  });
  const length = statSync(btf).size;
  const seconds = median(made.map((each) => each.seconds));
  return [
    {
      name: `bpf-headers/ of ${name} made, of ${(length / 1e6).toFixed(1)} MB of BTF`,
      ours: seconds,
      peer: median(peer),
      peerName: 'bpftool, one header',
      // 300 ms for 5 MB.
      limit: 0.3 * Math.max(1, length / 5e6),
    },
    {
      name: `bpf-headers/ of ${name} in the store`,
      ours: made[0]?.bytes ?? 0,
      peer: length,
      unit: 'bytes',
      peerName: 'BTF',
      limit: 2e6,
    },
  ];
}

/** What became of programs with the kernel's own headers, the first tree, and with those that were made. */
function compared(name: string, programs: readonly CompiledProgram[], gaps: readonly string[]): BenchRow[] {
  const both = programs.flatMap(({ name: program, trees: [real, made] }) => {
    if (!real?.seconds.length || !made?.seconds.length) return [];
    const [peer, ours] = [Math.min(...real.seconds), Math.min(...made.seconds)];
    return [{ program, peer, ours, ratio: ours / peer }];
  });
  const slowest = both.toSorted((a, b) => b.ratio - a.ratio)[0];
  if (!slowest) throw new Error(`no program compiles with both trees of ${name}`);
  const failing = (tree: number): string[] =>
    programs.filter(({ trees }) => trees[tree]?.seconds.length === 0).map((each) => each.name);
  for (const program of failing(1)) console.error(`${name}: ${program} does not compile`);
  const functions = programs.flatMap(({ name: program, trees: [real, made] }) =>
    Object.entries(real?.functions ?? {}).map(([key, code]) => ({
      name: `${program}: ${key}`,
      same: made?.functions[key] === code,
    })),
  );
  for (const each of functions) if (!each.same) console.error(`${name}: ${each.name} has other code`);
  for (const gap of gaps) console.error(`${name}: missing: ${gap}`);
  const count = { unit: 'count', limit: 0 } as const;
  const peerName = `of ${programs.length} programs, own headers`;
  return [
    {
      name: `BPF() with bpf-headers/ of ${name}`,
      ours: median(both.map((each) => each.ours)),
      peer: median(both.map((each) => each.peer)),
      peerName: 'own headers',
      ratio: median(both.map((each) => each.ratio)),
      bar: 0.6,
    },
    {
      name: `the slowest of them, ${slowest.program}`,
      ours: slowest.ours,
      peer: slowest.peer,
      peerName: 'own headers',
      bar: 1.1,
    },
    {
      ...{ ...count, name: `programs that do not compile for ${name}`, peerName },
      ours: failing(1).length,
      peer: failing(0).length,
    },
    {
      ...{ ...count, name: `functions that have other code for ${name}`, peerName: 'functions' },
      ours: functions.filter((each) => !each.same).length,
      peer: functions.length,
    },
    {
      ...{ ...count, name: `names that programs use and ${name} lacks`, peerName },
      ours: gaps.length,
      peer: 0,
    },
  ];
}

/** bpf-headers/: making it, and programs of bcc that are compiled with it and with the headers of the kernel itself. */
export async function run({ rounds = 5 }: BenchOptions): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const missing = missingForCapture();
  if (missing !== undefined) console.error(`skipped: programs of bcc: ${missing}`);
  for (const subject of subjects()) {
    const { path, remove } = temporaryFolder();
    try {
      const { release, headers, kernelBtf } = await madeTree(subject.sysroot, path);
      rows.push(...measureMaking(subject, rounds, path));
      if (missing !== undefined) continue;
      const real = join(path, 'real');
      await subject.realHeaders(real);
      const programs = capturePrograms(kernelBtf, path);
      const code = versionCode(versionOf(release) ?? { major: 0, minor: 0, patch: 0 });
      // Debian's releases do not tell the third number; bcc asks for one, and no program looks at it.
      const compiled = compilePrograms(programs, [real, headers], code, Math.max(1, rounds - 3));
      rows.push(...compared(subject.name, compiled, missingNames(programs, real, headers, path)));
    } finally {
      remove();
    }
  }
  return rows;
}
