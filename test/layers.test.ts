/*
 * What may know what. Each rule keeps a part testable by itself; its failure says which file breaks it and why
 * the rule is there.
 */
import test from 'ava';
import { constants } from 'node:os';
import { importsOf, projectFiles, wordsOf } from './project-sources.ts';

/** Each imports itself and those before it. `errors` and `native` are files, the others folders of src/. */
const layers = [
  'errors',
  'bytes',
  'native',
  'format',
  'codec',
  'source',
  'btf',
  'bpf-headers',
  'artifact',
  'store',
  'tree',
  'transport',
] as const;

/** The layer of a path from the checkout, or undefined when it is in none. */
function layerOf(path: string): (typeof layers)[number] | undefined {
  const name = /^src\/([^/]+?)(?:\.ts)?(?:\/|$)/.exec(path)?.[1];
  return layers.find((layer) => layer === name);
}

const sources = projectFiles('src', '.ts')
  // Declarations of packages that come without: no code.
  .filter(({ path }) => !path.endsWith('.d.ts'))
  .map((file) => ({ ...file, imports: importsOf(file) }));

/** All imports of the files chosen that break a rule, as `file:line imports target`. */
function breaches(
  files: readonly (typeof sources)[number][],
  breaks: (path: string, imported: (typeof sources)[number]['imports'][number]) => boolean,
): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((imported) => breaks(path, imported))
      .map(({ line, target }) => `${path}:${line} imports ${target}`),
  );
}

test('every file of src/ is in a layer', (t) => {
  const strays = sources.map(({ path }) => path).filter((path) => layerOf(path) === undefined);
  t.deepEqual(
    strays,
    [],
    'a new folder of src/ needs its place in the list of layers, here and in ARCHITECTURE.md',
  );
});

test('a layer imports itself and earlier ones', (t) => {
  const found = breaches(sources, (path, { target }) => {
    const [from, to] = [layerOf(path), layerOf(target)];
    return from !== undefined && to !== undefined && layers.indexOf(to) > layers.indexOf(from);
  });
  t.deepEqual(
    found,
    [],
    `a layer that knows a later one can not be understood or tested without it: ${layers.join(', ')}`,
  );
});

test('src/ imports nothing from daemon/ or test/', (t) => {
  const found = breaches(sources, (_, { target }) => /^(daemon|test)\//.test(target));
  t.deepEqual(found, [], 'src/ is a library: the command and the tests stand on it');
});

test('daemon/ imports nothing from test/', (t) => {
  const daemon = projectFiles('daemon', '.ts').map((file) => ({ ...file, imports: importsOf(file) }));
  const found = breaches(daemon, (_, { target }) => target.startsWith('test/'));
  t.deepEqual(found, [], 'tests are not installed');
});

const formats = sources.filter(({ path }) => layerOf(path) === 'format');

test('format/ reads no files and decodes nothing', (t) => {
  const outside = /^(node:)?(fs|child_process|net|worker_threads|zlib)(\/|$)/;
  // A checksum is no decoding.
  const checksumOnly = (names: readonly string[]): boolean => names.join() === 'crc32';
  const found = breaches(formats, (_, { target, names }) => outside.test(target) && !checksumOnly(names));
  t.deepEqual(
    found,
    [],
    'parsers are pure, so that files, parts of images and a fuzzer are the same to them',
  );
});

/** The format that a file of format/ is about: elf.ts, elf-machine.ts and elf-symbols.ts are one. */
const formatOf = (path: string): string | undefined => /^src\/format\/([^-.]+)/.exec(path)?.[1];

test('the formats do not know one another', (t) => {
  const found = breaches(
    formats,
    (path, { target, typeOnly }) =>
      layerOf(target) === 'format' &&
      formatOf(target) !== formatOf(path) &&
      !typeOnly &&
      target !== 'src/format/archive-index.ts',
  );
  t.deepEqual(found, [], 'which format lies in which is for source/ to find out, and may be any in any');
});

test('tree/ knows no errno and no FUSE', (t) => {
  const errnos = new Set(Object.keys(constants.errno));
  const protocol = /FUSE|Fuse|(?<![A-Za-z])fuse/;
  const found = sources
    .filter(({ path }) => layerOf(path) === 'tree')
    .flatMap((file) =>
      wordsOf(file)
        .filter(({ text }) => protocol.test(text) || text.split(/\W+/).some((word) => errnos.has(word)))
        .map(({ text, line }) => `${file.path}:${line} says ${text}`),
    );
  t.deepEqual(
    found,
    [],
    'ls, cat and extract serve the same tree without a mount; errno is for transport/ to choose',
  );
});

test('the core of native/ includes no header of Node', (t) => {
  const header = /^\s*#\s*include\s*[<"](napi|node|node_api|js_native_api|uv|v8)[^>"]*\.h[>"]/;
  const found = projectFiles('native', '.cc', '.h')
    .filter(({ path }) => path !== 'native/addon.cc' && !/_binding\.(cc|h)$/.test(path))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (header.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );
  t.deepEqual(found, [], 'the core is built a second time, without Node, for sanitizers and fuzzers');
});
