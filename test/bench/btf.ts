import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Btf } from '../../src/btf/engine.ts';
import { FileSink } from '../../src/bytes/byte-sink.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import { native, packageRoot } from '../../src/native.ts';
import { listModules, moduleFoldersIn } from '../../src/source/module-folder.ts';
import { ModuleSurvey } from '../../src/source/module-survey.ts';
import { unpackedPackage } from '../debian-kernels.ts';
import type { DebianKernel } from '../debian-kernels.ts';
import { openTree } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { missingForMounts, runInNameSpaces } from './name-spaces.ts';
import { interleaved } from './row.ts';
import type { BenchOptions, BenchRow } from './row.ts';
import { runCommand } from './transport/commands.ts';
import { corpusRoot } from '../corpus-root.ts';

/** Bytes that C of a kernel's types, or flat BTF of a module, may have. */
const cap = 256 * 1024 * 1024;

/** Every so many modules is taken for the comparison with bpftool, which needs 100 ms for each. */
const everyModule = 20;

/** Runs a command with its output going to a file. */
function runInto(output: string, command: string, args: readonly string[]): void {
  const descriptor = openSync(output, 'w');
  try {
    const { status } = spawnSync(command, args, { stdio: ['ignore', descriptor, 'inherit'] });
    if (status !== 0) throw new Error(`${command} ended with ${status}`);
  } finally {
    closeSync(descriptor);
  }
}

/** Lets work write to a file. */
async function into(output: string, work: (sink: FileSink) => Promise<void>): Promise<void> {
  const descriptor = openSync(output, 'w');
  try {
    await work(new FileSink(descriptor, cap));
  } finally {
    closeSync(descriptor);
  }
}

async function openBtf(path: string, base?: Btf): Promise<Btf> {
  const file = FileSource.open(path);
  try {
    return await Btf.open(file, base);
  } finally {
    file.close();
  }
}

/** A kernel of Debian, and a file with its BTF. */
interface Subject {
  readonly tree: OpenedTree;
  readonly release: string;
  readonly modules: string;
  readonly btf: string;
}

async function subject(kernel: DebianKernel, folder: string): Promise<Subject | undefined> {
  const sysroot = unpackedPackage(kernel);
  if (sysroot === undefined) return undefined;
  const tree = await openTree({ sysroot });
  const [release = ''] = tree.catalogue.kernels.keys();
  const btf = join(folder, `btf-${kernel}`);
  writeFileSync(btf, await tree.read(`${release}/btf/vmlinux`));
  const [modules = ''] = moduleFoldersIn(join(sysroot, 'lib', 'modules'));
  return { tree, release, modules, btf };
}

async function measureHeader(
  kernel: DebianKernel,
  { btf }: Subject,
  folder: string,
  runs: number,
): Promise<BenchRow> {
  const ours = (): Promise<void> =>
    into(join(folder, 'ours.h'), async (sink) => (await openBtf(btf)).writeHeader('all', sink));
  const args = ['btf', 'dump', 'file', btf, 'format', 'c'];
  const peer = (): void => runInto(join(folder, 'peer.h'), 'bpftool', args);
  await ours();
  peer();
  const name = `vmlinux.h of Debian ${kernel}`;
  return { name, ...(await interleaved(runs, ours, peer)), peerName: 'bpftool', bar: 0.5 };
}

/** Sections of all modules, read; beside a loop in C that does no more than that. */
async function measureSections({ modules }: Subject, folder: string, runs: number): Promise<BenchRow> {
  const program = join(folder, 'sections');
  runCommand('cc', ['-O2', '-o', program, join(packageRoot, 'test', 'bench', 'btf', 'sections.c')]);
  const addon = native;
  if (!addon) throw new Error('there is no addon');
  const paths = [...listModules([modules]).modules.values()].map(({ path }) => path);
  const ours = async (): Promise<void> => {
    const survey = new ModuleSurvey(paths, await addon.surveyModules(paths, { readBtf: true }));
    for (const path of paths) if (survey.get(path) === undefined) throw new Error(`${path} was left out`);
  };
  // Fewer than the longest command line at once, as xargs(1) does it.
  const peer = (): void => {
    for (let at = 0; at < paths.length; at += 1000) runCommand(program, paths.slice(at, at + 1000));
  };
  await ours();
  peer();
  const name = `sections of ${paths.length} modules`;
  return { name, ...(await interleaved(runs, ours, peer)), peerName: 'C loop', bar: 1.3 };
}

/** Flat BTF of all modules; bpftool prints a part of them as text, and its time is taken as many times over. */
async function measureFlat({ tree, release, btf }: Subject, folder: string): Promise<BenchRow> {
  const names = (await tree.names(`${release}/btf`)).filter((name) => name !== 'vmlinux');
  const splits: Buffer[] = [];
  for (const name of names) splits.push(await tree.read(`${release}/btf/${name}`));
  const sample = splits.filter((_, at) => at % everyModule === 0);
  const output = join(folder, 'flat');
  const split = join(folder, 'split');
  const base = await openBtf(btf);
  const ours = async (): Promise<void> => {
    for (const [at, bytes] of splits.entries())
      await into(output, async (sink) =>
        (await Btf.open(new MemorySource(names[at] ?? '', bytes), base)).flatten(sink),
      );
  };
  let peerSeconds = 0;
  const peer = (): void => {
    peerSeconds = 0;
    for (const bytes of sample) {
      writeFileSync(split, bytes);
      const started = performance.now();
      runInto(join(folder, 'raw'), 'bpftool', ['btf', 'dump', 'file', split, '-B', btf, 'format', 'raw']);
      peerSeconds += (performance.now() - started) / 1000;
    }
  };
  peer();
  const started = performance.now();
  await ours();
  return {
    name: `flat BTF of ${splits.length} modules`,
    ours: (performance.now() - started) / 1000,
    peer: (peerSeconds * splits.length) / sample.length,
    peerName: `bpftool, ${everyModule} times ${sample.length} modules`,
    bar: 0.25,
  };
}

/** From image to C through a mount with nothing in its store, beside bpftool(8), which is given the BTF. */
async function measureColdMounts(folder: string, rounds: number): Promise<BenchRow[]> {
  const missing = missingForMounts(['bpftool', 'cat', 'gzip', 'xz']);
  if (missing !== undefined) {
    console.error(`skipped: types/vmlinux.h of a cold mount: ${missing}`);
    return [];
  }
  const kernels: string[] = [];
  for (const [root, name] of [
    [corpusRoot(), 'corpus, gzip'],
    [unpackedPackage('6.1'), 'Debian 6.1, xz'],
  ] as const) {
    if (root !== undefined && existsSync(root)) kernels.push(root, name);
    else console.error(`skipped: types/vmlinux.h of a cold mount, ${name}: the kernel is not there`);
  }
  const script = join(import.meta.dirname, 'btf', 'cold-mount.js');
  const rows = await runInNameSpaces(script, [folder, String(rounds), ...kernels]);
  return JSON.parse(rows) as BenchRow[];
}

/** The BTF engine beside bpftool(8), on kernels of Debian; and what a mount adds to it. */
export async function run({ rounds = 9 }: BenchOptions): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-bench-'));
  const rows: BenchRow[] = [];
  try {
    for (const kernel of ['6.1', '6.12-cloud'] as const) {
      const found = await subject(kernel, folder);
      if (!found) {
        console.error(`skipped: Debian ${kernel} was not fetched`);
        continue;
      }
      rows.push(await measureHeader(kernel, found, folder, rounds));
      if (kernel === '6.1') {
        rows.push(await measureSections(found, folder, rounds));
        rows.push(await measureFlat(found, folder));
      }
      found.tree.close();
    }
    rows.push(...(await measureColdMounts(folder, rounds)));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}
