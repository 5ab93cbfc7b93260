/*
 * Builds the core of native/ with AddressSanitizer and UndefinedBehaviorSanitizer and fuzzes it: every target in
 * native/fuzz/, for a bounded time, beginning with small archives made here. Prints a line a target; status 1 on
 * a finding, whose input is left in build/fuzz/. Needs clang with its runtime (libclang-rt-dev), liblzma, tar, xz.
 *
 *   node native/sanitize.mjs [SECONDS A TARGET, 20 unless given]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const native = join(root, 'native');
const work = join(root, 'build', 'fuzz');
const seconds = Number(process.argv[2] ?? 20);

/** Runs a program. @returns what it put out; throws with its complaints when it fails and `mayFail` is not set */
async function run(command, args, { input, mayFail = false, ...options } = {}) {
  const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  const out = [];
  const complaints = [];
  child.stdout.on('data', (bytes) => out.push(bytes));
  child.stderr.on('data', (bytes) => complaints.push(bytes));
  child.stdin.end(input);
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const said = Buffer.concat(complaints).toString();
  if (status !== 0 && !mayFail) throw new Error(`${command} ended with ${status}:\n${said}`);
  return { status, out: Buffer.concat(out), said };
}

const sanitizers = '-fsanitize=address,undefined';
const compile = [
  ...['-std=c++20', '-g', '-O1', '-Wall', '-Wextra', '-Werror', '-fno-omit-frame-pointer'],
  ...[sanitizers, '-fno-sanitize-recover=all', '-D_FILE_OFFSET_BITS=64', '-DIKFS_HAVE_LZMA', `-I${native}`],
];

/** Compiles sources side by side, two at a time. @returns their object files */
async function objectsOf(sources) {
  const rest = [...sources];
  const objects = [];
  const worker = async () => {
    for (let source = rest.pop(); source; source = rest.pop()) {
      const object = join(work, `${source.replaceAll('/', '-')}.o`);
      await run('clang++', [
        ...compile,
        '-fsanitize=fuzzer-no-link',
        '-c',
        join(native, source),
        '-o',
        object,
      ]);
      objects.push(object);
    }
  };
  await Promise.all([worker(), worker()]);
  return objects;
}

const sourcesIn = (folder) =>
  readdirSync(join(native, folder))
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(folder, name));

/** Small archives in every format that tar writes, as inputs of each target. */
async function seeds() {
  const folder = join(work, 'sample');
  const deep = join(folder, 'd'.repeat(60), 'e'.repeat(60));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(folder, 'a.h'), '#pragma once\n');
  writeFileSync(join(deep, 'Grüße.h'), 'x'.repeat(600));
  symlinkSync(`../${'t'.repeat(120)}`, join(folder, 'link'));
  const targets = { tar_scanner: [], index_archive: [] };
  for (const format of ['gnu', 'oldgnu', 'posix']) {
    const { out: tar } = await run('tar', ['-c', '-b1', `--format=${format}`, '.'], { cwd: folder });
    for (const chunk of [1, 7, 100, 256])
      targets.tar_scanner.push(Buffer.concat([Buffer.from([chunk - 1]), tar]));
    for (const check of ['none', 'crc32', 'crc64']) {
      targets.index_archive.push((await run('xz', ['-c', `--check=${check}`], { input: tar })).out);
    }
    targets.index_archive.push((await run('xz', ['-c', '--format=lzma'], { input: tar })).out);
  }
  return targets;
}

/** The lines of the fuzzer's report that say what was found. */
function findingIn(report) {
  const start = report.search(/^.*(ERROR: |runtime error: |does not hold: )/m);
  return report.slice(Math.max(start, 0));
}

/** Fuzzes one target. @returns whether nothing was found */
async function fuzz(target, objects, inputs) {
  const program = join(work, target);
  const corpus = `${program}-corpus`;
  mkdirSync(corpus, { recursive: true });
  inputs.forEach((input, index) => writeFileSync(join(corpus, `seed-${index}`), input));
  const [main] = await objectsOf([join('fuzz', `${target}.cc`)]);
  await run('clang++', [sanitizers, '-fsanitize=fuzzer', main, ...objects, '-llzma', '-o', program]);
  // Findings of earlier days, kept so that they stay mended.
  const kept = [join(native, 'fuzz', 'findings', target)].filter((folder) => existsSync(folder));
  const { status, said } = await run(
    program,
    [
      `-max_total_time=${seconds}`,
      '-timeout=10',
      '-max_len=16384',
      '-print_final_stats=1',
      `-artifact_prefix=${program}-`,
      corpus,
      ...kept,
    ],
    { mayFail: true },
  );
  const runs = Number(/number_of_executed_units: (\d+)/.exec(said)?.[1] ?? 0).toLocaleString('en');
  console.log(
    `${target}: ${status === 0 ? `${runs} inputs in ${seconds} s, nothing found` : `FOUND\n${findingIn(said)}`}`,
  );
  return status === 0;
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
try {
  const objects = await objectsOf(['archive', 'codec', 'core'].flatMap(sourcesIn));
  const inputs = await seeds();
  for (const target of sourcesIn('fuzz').map((source) => basename(source, '.cc'))) {
    if (!(await fuzz(target, objects, inputs[target] ?? []))) process.exitCode = 1;
  }
} catch (error) {
  console.error(`native/ could not be fuzzed: ${error.message}`);
  process.exitCode = 1;
}
