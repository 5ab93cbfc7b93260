/*
 * inside.js FOLDER ROUNDS: the measurements of ../transport.ts, in name spaces of their own. Prints what there is
 * to know beyond the rows, and writes these to descriptor 3 as JSON. Ends as soon as standard input does.
 */
import { mkdirSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { corpusArchive } from '../../native/corpus-archive.ts';
import { comparisonRows, ikfsNames, lookupRows } from './bars.ts';
import { runCommand } from './commands.ts';
import { corpusRoot } from '../../corpus-root.ts';
import { countHeaders, sourceFile, timeCompile } from './compile.ts';
import { ikfsSubject, runIkfs } from './ikfs-subject.ts';
import { lookUpWhileMaking, makings } from './making.ts';
import type { Contender, HeaderKernel } from './making.ts';
import { Mountpoints, images, unpackedTree } from './peers.ts';
import { printRequests, printResponsiveness, printSamples } from './report.ts';
import type { Responsiveness } from './responsiveness.ts';
import { Samples } from './samples.ts';
import { parts, prepareLists, scenarios } from './scenarios.ts';
import type { MountedTree, Requests, Subject } from './subject.ts';

/** As many lookups as are needed come together in fewer rounds than times of whole runs do. */
const lookupRounds = (rounds: number): number => Math.min(rounds, 5);

/** The values in an order of chance. */
function shuffled<Value>(values: readonly Value[]): Value[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

function progress(text: string): void {
  const busy = loadavg()[0] ?? 0;
  const warning = busy > 2 ? `; warning: the load average is ${busy.toFixed(1)}, figures are rough` : '';
  console.error(`${text}${warning}`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A program in C that lies beside this file, compiled. */
function compileProgram(name: string, folder: string): string {
  const program = join(folder, name);
  runCommand('cc', ['-O2', '-o', program, sourceFile(`${name}.c`)]);
  return program;
}

/** The header tree unpacked, and a store that has it. */
function prepareKernel(folder: string): HeaderKernel {
  const [tree, store, archive] = [join(folder, 'tree'), join(folder, 'store'), join(folder, 'archive')];
  const [release = ''] = readdirSync(join(corpusRoot(), 'lib', 'modules'));
  mkdirSync(tree);
  writeFileSync(archive, corpusArchive(corpusRoot()));
  runCommand('tar', ['-xJf', archive, '-C', tree, '--no-same-owner']);
  const sources = ['--sysroot', corpusRoot(), '--cache-dir', store];
  runIkfs(['cat', ...sources, `${release}/build/include/linux/kconfig.h`]);
  return { sysroot: corpusRoot(), release, tree, store };
}

/** Those that can be had here; of the others it is printed why they can not. */
async function available(subjects: readonly Subject[]): Promise<Subject[]> {
  const found: Subject[] = [];
  for (const subject of subjects) {
    try {
      const tree = await subject.mount();
      try {
        readdirSync(join(tree.top, 'include'));
      } finally {
        await tree.unmount();
      }
      found.push(subject);
    } catch (error) {
      console.error(`skipped: ${subject.name}: ${messageOf(error)}`);
    }
  }
  return found;
}

/**
 * Prints how many requests a cold and a warm compile take, where the server counts them. Each count is the first
 * that is read of its mount, as any but the first may be out of date.
 */
async function countRequests(subject: Subject): Promise<void> {
  const after = async (compiles: number): Promise<Requests | undefined> => {
    const tree = await subject.mount();
    try {
      for (let each = 0; each < compiles; each++) timeCompile(tree.top);
      return tree.requests?.();
    } finally {
      await tree.unmount();
    }
  };
  const none = await after(0);
  if (!none) return;
  const [once, twice] = [(await after(1)) ?? none, (await after(2)) ?? none];
  printRequests(`requests of a cold compile, ${subject.name}`, difference(once, none));
  printRequests(`requests of a warm compile, ${subject.name}`, difference(twice, once));
}

/** The counts that differ, and by how much. */
function difference(after: Requests, before: Requests): Requests {
  const grown = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count !== 0));
}

/** Measures all scenarios of all subjects, a round after the other. */
async function measureTrees(
  subjects: readonly Subject[],
  allParts: ReturnType<typeof parts>,
  rounds: number,
): Promise<Samples> {
  const samples = new Samples();
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`);
    for (const part of shuffled(allParts))
      for (const subject of shuffled(subjects)) {
        const tree: MountedTree = await subject.mount();
        try {
          part.run(tree, (scenario, seconds) => samples.add(subject.name, scenario, seconds));
        } finally {
          await tree.unmount();
        }
      }
  }
  return samples;
}

/** Measures lookups while each artifact is made by each; by artifact and contender, a figure a round. */
async function measureLookups(
  kernel: HeaderKernel,
  contenders: readonly Contender[],
  rounds: number,
  place: { readonly folder: string; readonly mountpoints: Mountpoints },
): Promise<Map<string, Map<string, Responsiveness[]>>> {
  const program = compileProgram('lookups', place.folder);
  const all = makings(kernel, place.folder);
  if (all.length === 1) console.error('skipped: lookups while much is made: there is no Debian 6.1 kernel');
  const measured = new Map(
    all.map(({ artifact }) => [
      artifact,
      new Map(contenders.map(({ name }): [string, Responsiveness[]] => [name, []])),
    ]),
  );
  const store = join(place.folder, 'new-store');
  for (let round = 1; round <= rounds; round++) {
    progress(`lookups, round ${round} of ${rounds}`);
    for (const making of shuffled(all))
      for (const contender of shuffled(contenders)) {
        const { mountpoints } = place;
        const figure = await lookUpWhileMaking(making, contender, { program, store, mountpoints });
        measured.get(making.artifact)?.get(contender.name)?.push(figure);
      }
  }
  return measured;
}

async function main(folder: string, rounds: number): Promise<void> {
  // All that is written goes with this mount, and the mount with this process.
  runCommand('mount', ['-t', 'tmpfs', '-o', 'size=2g,mode=700', 'ikfs-bench', folder]);
  const mountpoints = new Mountpoints(join(folder, 'mounts'));
  progress('preparing');
  const kernel = prepareKernel(folder);
  const prepared = {
    replay: compileProgram('replay', folder),
    ...prepareLists(kernel.tree, folder),
  };
  const ikfs = (name: string, transport: string, prefetch: boolean): Subject => {
    const sources = ['--sysroot', kernel.sysroot];
    return ikfsSubject(
      name,
      kernel.release,
      { transport, prefetch, sources, store: kernel.store },
      mountpoints,
    );
  };
  const subjects = await available([
    ikfs(ikfsNames.kernel, 'kernel', false),
    ikfs(ikfsNames.warmed, 'kernel', true),
    ikfs(ikfsNames.fuseNative, 'fuse-native', false),
    unpackedTree(kernel.tree),
    ...images(kernel.tree, join(folder, 'images'), mountpoints),
  ]);
  console.log(`a compile loads ${countHeaders(kernel.tree)} headers`);
  for (const subject of subjects) await countRequests(subject);

  const samples = await measureTrees(subjects, parts(prepared), rounds);
  const names = subjects.map(({ name }) => name);
  printSamples(samples, names, scenarios);

  const contenders: Contender[] = [
    { name: ikfsNames.kernel, transport: 'kernel' },
    { name: ikfsNames.fuseNative, transport: 'fuse-native' },
  ].filter(({ name }) => names.includes(name));
  const [first] = contenders;
  if (first) contenders.push({ ...first, name: `tmpfs, beside ${first.name}`, elsewhere: kernel.tree });
  const lookups = await measureLookups(kernel, contenders, lookupRounds(rounds), { folder, mountpoints });
  printResponsiveness(lookups);
  console.log();
  writeSync(3, JSON.stringify([...comparisonRows(samples), ...lookupRows(lookups)]));
}

process.stdin.on('end', () => process.exit(1)).resume();
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const [folder = '', rounds = ''] = process.argv.slice(2);
try {
  await main(folder, Number(rounds));
  process.exit(0);
} catch (error) {
  console.error(messageOf(error));
  process.exit(1);
}
