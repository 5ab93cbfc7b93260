/*
 * Builds the core of native/ with sanitizers, and
 *  - runs the programs of native/test/ under AddressSanitizer and UndefinedBehaviorSanitizer, and again under
 *    ThreadSanitizer: the tests of the FUSE session and of what it serves, and its stress for half the time;
 *  - runs ikfs-exec (native/namespace/) with good and bad command lines under the first two;
 *  - runs what fuzzing found in earlier days (native/fuzz/findings/TARGET/), each input once;
 *  - fuzzes every target in native/fuzz/ for a bounded time, beginning with those and small inputs made here.
 * Prints a line for each; status 1 on a finding, whose input is left in build/fuzz/. Needs clang with its
 * runtime (libclang-rt-dev), liblzma, libzstd, tar, xz, zstd, lz4.
 *
 *   node native/sanitize.mjs [SECONDS A TARGET, 20 unless given]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { libraries } from './codec/libraries.mjs';
import { codecStreams } from './fuzz/codec-streams.mjs';
import { fuseRequests } from './fuzz/fuse-requests.mjs';
import { treeIndexes } from './fuzz/tree-indexes.mjs';
import { runExecLines } from './test/exec-lines.mjs';

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

/** What binding.gyp defines where a library is there. */
const defineOf = (library) => `-DIKFS_HAVE_${library.toUpperCase()}`;

/** The ways in which everything is built. */
const address = {
  name: 'address',
  sanitizers: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
  // Test programs link what is compiled for the fuzzer as well.
  compile: ['-fsanitize=fuzzer-no-link', ...Object.keys(libraries).map(defineOf)],
  environment: {},
};
const thread = {
  name: 'thread',
  sanitizers: ['-fsanitize=thread'],
  compile: Object.keys(libraries).map(defineOf),
  // What goes through a socket puts nothing in order: the kernel would, but then hardly a race could be seen.
  environment: { TSAN_OPTIONS: 'io_sync=0:halt_on_error=1' },
};

const compile = [
  ...['-std=c++20', '-g', '-O1', '-Wall', '-Wextra', '-Werror', '-fno-omit-frame-pointer'],
  ...['-D_FILE_OFFSET_BITS=64', `-I${native}`],
];

/** Compiles sources side by side, two at a time. @returns their object files */
async function objectsOf(build, sources) {
  const rest = [...sources];
  const objects = [];
  const worker = async () => {
    for (let source = rest.pop(); source; source = rest.pop()) {
      const object = join(work, `${build.name}-${source.replaceAll('/', '-')}.o`);
      const flags = [...compile, ...build.sanitizers, ...build.compile];
      await run('clang++', [...flags, '-c', join(native, source), '-o', object]);
      objects.push(object);
    }
  };
  await Promise.all([worker(), worker()]);
  return objects;
}

/** Links a program. @returns its path */
async function link(build, name, objects, flags = []) {
  const program = join(work, name);
  const linked = Object.values(libraries).map(({ link: option }) => option);
  await run('clang++', [...build.sanitizers, ...flags, '-pthread', ...objects, ...linked, '-o', program]);
  return program;
}

/** Sources of the core; what binds it to Node is built without sanitizers only. */
const sourcesIn = (folder) =>
  readdirSync(join(native, folder))
    .filter((name) => name.endsWith('.cc') && !name.endsWith('_binding.cc'))
    .map((name) => join(folder, name));

/** The programs of native/test/; all else there is shared by them. */
const programs = ['session_test', 'session_stress', 'main'];
const isProgram = (source) => programs.includes(basename(source, '.cc'));

/** The programs' objects but their own: what they share, and the core itself. */
const sharedObjects = (build, folders) =>
  objectsOf(
    build,
    [...folders, 'test'].flatMap(sourcesIn).filter((source) => !isProgram(source)),
  );

/** Runs a program as its sanitizer needs it, failing or not. */
async function runUnder({ environment }, program, args) {
  const options = { mayFail: true, env: { ...process.env, ...environment } };
  const result = await run(program, args, options);
  // Where addresses are very random, older ThreadSanitizers do not find the room that they need.
  const crowded = result.said.includes('unexpected memory mapping');
  return crowded ? run('setarch', ['-R', program, ...args], options) : result;
}

/** Builds and runs the test programs. @returns whether nothing was found */
async function test(build, objects) {
  let passed = true;
  for (const source of sourcesIn('test').filter(isProgram)) {
    const name = basename(source, '.cc');
    const [main] = await objectsOf(build, [source]);
    const program = await link(build, `${build.name}-${name}`, [main, ...objects]);
    const { status, out, said } = await runUnder(build, program, [String(Math.ceil(seconds / 2))]);
    const lines = out.toString().trimEnd().split('\n');
    const told = lines.filter((line) => status !== 0 || !line.startsWith('ok '));
    console.log(
      `${name}, ${build.name}: ${status === 0 ? told.join('; ') : `FOUND\n${[...told, said].join('\n')}`}`,
    );
    if (status !== 0) passed = false;
  }
  return passed;
}

/** Builds ikfs-exec and runs it; it has one thread. @returns whether nothing was found */
async function testExec() {
  const mounting = ['mount', 'mount_helper', 'mount_table'].map((name) => join('fuse', `${name}.cc`));
  const sources = [...sourcesIn('core'), ...mounting, ...sourcesIn('namespace')];
  const program = await link(address, 'ikfs-exec', await objectsOf(address, sources));
  const { count, wrong, skipped } = await runExecLines(program, address.environment);
  const told = skipped ? `skipped: ${skipped}` : `all ${count} command lines end as they should`;
  console.log(`ikfs-exec, address: ${wrong.length === 0 ? told : `FOUND\n${wrong.join('\n')}`}`);
  return wrong.length === 0;
}

/**
 * Small inputs of each target: streams of all compressions, archives in every format that tar writes, requests, and
 * indexes of trees.
 */
async function seeds() {
  const folder = join(work, 'sample');
  const deep = join(folder, 'd'.repeat(60), 'e'.repeat(60));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(folder, 'a.h'), '#pragma once\n');
  writeFileSync(join(deep, 'Grüße.h'), 'x'.repeat(600));
  symlinkSync(`../${'t'.repeat(120)}`, join(folder, 'link'));
  const targets = {
    codec: await codecStreams(async (tool, args, input) => (await run(tool, args, { input })).out),
    tar_scanner: [],
    index_archive: [],
    fuse_dispatcher: fuseRequests(),
    whole_tree: treeIndexes(),
  };
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

/** Findings of earlier days by their targets, kept so that they stay mended. @returns paths of the inputs */
function keptFindings(targets) {
  const top = join(native, 'fuzz', 'findings');
  const folders = readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unknown = folders.find(({ name }) => !targets.includes(name));
  if (unknown) throw new Error(`there are findings of ${unknown.name}, and no such target`);
  return new Map(
    folders.map(({ name }) => [name, readdirSync(join(top, name)).map((file) => join(top, name, file))]),
  );
}

/** What every run of a target is given; it takes no input for longer than ten seconds. */
const optionsOf = (program) => ['-timeout=10', `-artifact_prefix=${program}-`];

/** Runs inputs of earlier days, each once. @returns whether none is found again */
async function replay(target, program, kept) {
  if (kept.length === 0) return true;
  const { status, said } = await run(program, [...optionsOf(program), ...kept], { mayFail: true });
  // Each is named before it is run.
  const last = basename(said.match(/^Running: .*$/gm)?.at(-1) ?? '');
  console.log(
    `${target}: ${status === 0 ? `none of ${kept.length} kept inputs is found again` : `FOUND AGAIN: ${last}\n${findingIn(said)}`}`,
  );
  return status === 0;
}

/** Builds a target, runs what is kept of its findings, and fuzzes it. @returns whether nothing was found */
async function fuzz(target, objects, inputs, kept) {
  const [main] = await objectsOf(address, [join('fuzz', `${target}.cc`)]);
  const program = await link(address, target, [main, ...objects], ['-fsanitize=fuzzer']);
  if (!(await replay(target, program, kept))) return false;
  const corpus = `${program}-corpus`;
  mkdirSync(corpus, { recursive: true });
  inputs.forEach((input, index) => writeFileSync(join(corpus, `seed-${index}`), input));
  const { status, said } = await run(
    program,
    [
      ...optionsOf(program),
      `-max_total_time=${seconds}`,
      '-max_len=16384',
      '-print_final_stats=1',
      corpus,
      ...new Set(kept.map(dirname)),
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
  const targets = sourcesIn('fuzz').map((source) => basename(source, '.cc'));
  const kept = keptFindings(targets);
  const objects = await sharedObjects(address, [
    'archive',
    'btf',
    'codec',
    'core',
    'fence',
    'fuse',
    'keeper',
    'memory',
    'module',
  ]);
  if (!(await test(address, objects))) process.exitCode = 1;
  if (!(await testExec())) process.exitCode = 1;
  const inputs = await seeds();
  for (const target of targets) {
    const passed = await fuzz(target, objects, inputs[target] ?? [], kept.get(target) ?? []);
    if (!passed) process.exitCode = 1;
  }
  if (
    !(await test(
      thread,
      await sharedObjects(thread, ['btf', 'codec', 'core', 'fence', 'fuse', 'keeper', 'memory', 'module']),
    ))
  )
    process.exitCode = 1;
} catch (error) {
  console.error(`native/ could not be checked: ${error.message}`);
  process.exitCode = 1;
}
