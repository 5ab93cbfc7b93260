/* What a survey says of module files must be what reading each of them says (source/module.ts, format/elf.ts). */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ByteSource } from '../../src/bytes/byte-source.ts';
import type { ByteRange } from '../../src/bytes/byte-range.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { asIkfsError } from '../../src/errors.ts';
import type { IkfsError } from '../../src/errors.ts';
import { findSection, isElf, parseElfHeader, sectionNamed, sectionSource } from '../../src/format/elf.ts';
import { parseModinfo } from '../../src/format/modinfo.ts';
import type { Modinfo } from '../../src/format/modinfo.ts';
import { moduleInfo, moduleSection, readModule } from '../../src/source/module.ts';
import { surveyModules } from '../../src/source/module-survey.ts';
import type { SurveyOutcome, SurveyedModule } from '../../src/source/module-survey.ts';
import { buildElf } from '../format/elf-builder.ts';
import type { ElfSpec, SectionSpec } from '../format/elf-builder.ts';
import { modulePaths } from '../format/real-kernel.ts';
import { mutate } from '../fuzz/mutation.ts';
import { temporaryFolder } from '../open-tree.ts';
import { Random } from '../random.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import { btfSection, moduleFile } from '../synthetic-kernel.ts';

const release = '6.1.0-test';
const withAddon = testWith(['addon']);

/** What a module's headers and sections say, by code that a survey shares nothing with. */
interface Seen {
  readonly machine: Pick<SurveyedModule, 'class' | 'order' | 'machine'>;
  readonly info: Modinfo | undefined;
  readonly sections: SurveyedModule['sections'];
}

/** As callers see a module that is looked at alone. */
async function seenByReading(file: FileSource): Promise<Seen> {
  const module = await readModule(file, defaultLimits);
  const info = moduleInfo(module);
  const btf = placeOf(moduleSection(module, '.BTF'));
  const btfBase = placeOf(moduleSection(module, '.BTF.base'));
  const debug = sectionNamed(module.elf, '.debug_info');
  return {
    machine: { class: module.elf.class, order: module.elf.order, machine: module.elf.machine },
    info,
    sections: { btf, btfBase, debugInfo: debug && { offset: debug.offset, size: debug.size } },
  };
}

/** The same section by section, so that other sections may be as broken as they like. */
function seenBySections(file: FileSource): Seen {
  const { class: bits, order, machine } = parseElfHeader(file);
  const sectionOf = (name: string): ByteSource | undefined => {
    const found = findSection(file, name);
    return found && sectionSource(file, found.section);
  };
  const modinfo = sectionOf('.modinfo');
  const info = modinfo && parseModinfo(modinfo.read(0, modinfo.size));
  const btf = placeOf(sectionOf('.BTF'));
  const btfBase = placeOf(sectionOf('.BTF.base'));
  const debug = findSection(file, '.debug_info')?.section;
  return {
    machine: { class: bits, order, machine },
    info,
    sections: { btf, btfBase, debugInfo: debug && { offset: debug.offset, size: debug.size } },
  };
}

function placeOf(section: ByteSource | undefined): ByteRange | undefined {
  const range = section?.fileRange();
  return range && { offset: range.offset, size: range.length };
}

/** What a survey must say of a file. */
async function expected(
  path: string,
  see: (file: FileSource) => Seen | Promise<Seen>,
): Promise<SurveyOutcome> {
  let file: FileSource | undefined;
  try {
    file = FileSource.open(path);
    if (!isElf(file.read(0, Math.min(4, file.size)))) return 'not-elf';
    const { machine, info, sections } = await see(file);
    const { identity, modified } = file;
    return { identity, modified, ...machine, sections, name: info?.name, vermagic: info?.vermagic };
  } catch (error) {
    return { failure: asIkfsError(error, { path }) };
  } finally {
    file?.close();
  }
}

/** An outcome as something that can be compared. */
function comparable(outcome: SurveyOutcome | undefined): unknown {
  if (outcome === undefined || outcome === 'not-elf' || !('failure' in outcome)) return outcome;
  const { code, message, offset, path } = outcome.failure;
  // Native code has no offset but 0 where there is none to tell.
  return { code, message, offset: offset === 0 ? undefined : offset, path };
}

function failureOf(outcome: SurveyOutcome | undefined): IkfsError | undefined {
  return outcome !== undefined && outcome !== 'not-elf' && 'failure' in outcome ? outcome.failure : undefined;
}

/** Writes files into a folder that goes with the test. @returns their paths by name, in order */
function written(t: ExecutionContext, files: Readonly<Record<string, Buffer>>): string[] {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  return Object.entries(files).map(([name, bytes]) => {
    writeFileSync(join(folder.path, name), bytes);
    return join(folder.path, name);
  });
}

/** Surveys files and compares each with what reading it gives. @returns the outcomes */
async function compare(
  t: ExecutionContext,
  paths: readonly string[],
  see: (file: FileSource) => Seen | Promise<Seen> = seenByReading,
): Promise<SurveyOutcome[]> {
  const survey = await surveyModules(paths);
  t.is(survey.size, paths.length);
  const outcomes: SurveyOutcome[] = [];
  for (const path of paths) {
    const outcome = survey.get(path);
    t.deepEqual(comparable(outcome), comparable(await expected(path, see)), path);
    if (outcome !== undefined) outcomes.push(outcome);
  }
  return outcomes;
}

const modinfo = (fields: string): SectionSpec => ({ name: '.modinfo', content: Buffer.from(fields) });
const usual = modinfo(`license=GPL\0\0name=made_up\0parm=a:b\0vermagic=${release} SMP \0name=second\0`);

const shapes = ([32, 64] as const).flatMap((bits) =>
  (['little', 'big'] as const).flatMap((order) =>
    [false, true].map((extendedNumbering): ElfSpec => ({
      class: bits,
      order,
      machine: order === 'big' ? 22 : 183,
      extendedNumbering,
      sections: [
        { name: '.text', content: Buffer.alloc(100, 1) },
        { name: '.bss', type: 8, content: 4096 },
        usual,
        btfSection(Buffer.alloc(24, 2)),
        { name: '.BTF.base', content: Buffer.alloc(8, 3) },
        { name: '.debug_info', content: Buffer.alloc(5, 4) },
        { name: '.BTF', content: Buffer.from('second') },
      ],
    })),
  ),
);
const made = shapes.map(buildElf);

testWith(['addon', 'corpus'])('a survey of the corpus is what its modules say one by one', async (t) => {
  const paths = modulePaths(corpusRoot());
  const outcomes = await compare(t, paths);
  t.is(outcomes.length, 142);
  t.true(outcomes.every((outcome) => outcome !== 'not-elf' && 'machine' in outcome && outcome.name));
});

for (const kernel of ['6.1', '6.12-cloud'] as const) {
  testWith(['addon', 'debian'])(
    `a survey of Debian ${kernel} is what its modules say one by one`,
    async (t) => {
      const plain = kernel === '6.1';
      const paths = modulePaths(debianRoot(kernel));
      const outcomes = await compare(t, plain ? paths : paths.slice(0, 20));
      t.true(outcomes.every((outcome) => (outcome === 'not-elf') === !plain));
    },
  );
}

withAddon(
  'a survey reads modules of both classes and byte orders, whatever numbers their sections have',
  async (t) => {
    const outcomes = await compare(
      t,
      written(t, Object.fromEntries(made.map((bytes, at) => [`${at}.ko`, bytes]))),
    );
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome === 'not-elf' || 'failure' in outcome) return t.fail(String(at));
      t.is(outcome.name, 'made_up');
      t.is(outcome.vermagic, `${release} SMP `);
      const { class: bits, order, machine } = outcome;
      const shape = shapes[at];
      t.deepEqual([bits, order, machine], [shape?.class, shape?.order, shape?.machine]);
      t.is(outcome.sections.btf?.size, 24);
    }
    return undefined;
  },
);

withAddon('a survey says what a module has not', async (t) => {
  const of = (...sections: SectionSpec[]): Buffer => buildElf({ sections });
  const sectionless = buildElf({ sections: [] });
  sectionless.fill(0, 40, 48);
  await compare(
    t,
    written(t, {
      'no-btf.ko': moduleFile('a', release, []),
      'no-modinfo.ko': of(btfSection()),
      'nothing.ko': of(),
      'sectionless.ko': sectionless,
      'bss.ko': of({ name: '.BTF', type: 8, content: 1000 }, usual),
      'alike.ko': of(
        { name: '.BTF.ext', content: Buffer.alloc(3) },
        { name: 'x.BTF', content: Buffer.alloc(4) },
      ),
      'signed.ko': Buffer.concat([moduleFile('a', release), Buffer.from('~Module signature appended~\n')]),
      'empty-values.ko': of(modinfo('name=\0vermagic=\0'), btfSection()),
      'half.ko': of(modinfo('names=x\0 name=y\0xname=z\0=name=q\0name')),
      'unended.ko': of(modinfo('vermagic=1 \0name=last')),
      'not-utf8.ko': of({
        name: '.modinfo',
        content: Buffer.from('name=\xff\xc3\0vermagic=\xe2\x82\0', 'latin1'),
      }),
      'no-content.ko': of(modinfo('')),
      'compressed-debug.ko': of(usual, { name: '.debug_info', flags: 0x800, content: Buffer.alloc(9) }),
      'compressed-btf.ko': of(usual, { ...btfSection(), flags: 0x800 }),
    }),
  );
});

withAddon('a survey of what is no plain module file says so', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const path = (name: string): string => join(folder.path, name);
  const plain = moduleFile('plain', release);
  writeFileSync(path('plain.ko'), plain);
  writeFileSync(path('packed.ko.gz'), gzipSync(plain));
  writeFileSync(path('empty.ko'), '');
  writeFileSync(path('short.ko'), '\x7fEL');
  execFileSync('mkfifo', [path('fifo.ko')]);
  mkdirSync(path('folder.ko'));
  symlinkSync('plain.ko', path('link.ko'));
  symlinkSync('nowhere', path('dangling.ko'));
  const kinds: Readonly<Record<string, string>> = {
    'plain.ko': 'module',
    'packed.ko.gz': 'not-elf',
    'empty.ko': 'not-elf',
    'short.ko': 'not-elf',
    'fifo.ko': 'wrong-kind',
    'folder.ko': 'wrong-kind',
    'link.ko': 'module',
    'dangling.ko': 'not-found',
    'missing.ko': 'not-found',
    'plain.ko/below': 'wrong-kind',
    'a\0b.ko': 'not-found',
  };
  const survey = await surveyModules(Object.keys(kinds).map(path));
  for (const [name, kind] of Object.entries(kinds)) {
    const outcome = survey.get(path(name));
    t.is(failureOf(outcome)?.code ?? (outcome === 'not-elf' ? outcome : 'module'), kind, name);
    t.is(failureOf(outcome)?.path ?? path(name), path(name));
    t.is(failureOf(outcome)?.offset, undefined);
  }
  t.is(survey.get(path('never asked for')), undefined);
  t.is(survey.read.files, 5);
  t.is((await surveyModules([])).size, 0);
});

withAddon('a survey keeps the state of a file as fstat tells it, before 1970 too', async (t) => {
  const paths = written(t, {
    'a.ko': made[0] as Buffer,
    'b.ko': made[1] as Buffer,
    'c.ko': made[2] as Buffer,
  });
  const times = ['1969-12-31T23:59:58.123456789Z', '2026-02-03T04:05:06.000000001Z', '2200-01-01T00:00:00Z'];
  for (const [at, path] of paths.entries()) execFileSync('touch', ['-d', times[at] ?? '', path]);
  await compare(t, paths);
});

withAddon('a module that ends too early is what reading it says, wherever it ends', async (t) => {
  for (const [at, bytes] of made.entries()) {
    const files = Array.from({ length: bytes.length }, (_, length) => [
      `${at}-${length}`,
      bytes.subarray(0, length),
    ]);
    await compare(t, written(t, Object.fromEntries(files) as Record<string, Buffer>));
  }
});

withAddon('fields of a module that are broken are what reading it says', async (t) => {
  const random = new Random(1);
  const files: Record<string, Buffer> = {};
  for (let count = 0; count < 6000;) {
    const bytes = mutate(made, random);
    // A survey does not look at program headers, whose number is here (e_phnum).
    const segments = bytes[4] === 2 ? bytes.subarray(56, 58) : bytes.subarray(44, 46);
    if (segments.every((byte) => byte === 0)) files[(count += 1)] = bytes;
  }
  const survey = await surveyModules(written(t, files));
  t.is(survey.size, 6000);
  let [modules, failures] = [0, 0];
  for (const path of survey.paths()) {
    const [found, wanted] = [survey.get(path), await expected(path, seenBySections)];
    // What goes beyond the file may be beyond a survey's caps as well.
    if (failureOf(found)?.code === 'limit') t.truthy(failureOf(wanted), path);
    else t.deepEqual(comparable(found), comparable(wanted), path);
    if (failureOf(found)) failures += 1;
    else if (found !== 'not-elf') modules += 1;
  }
  t.true(modules > 1000 && failures > 1000, `${modules} modules, ${failures} failures`);
});

withAddon('a survey refuses what is larger than any module has', async (t) => {
  const mebibyte = 1024 * 1024;
  const table = Buffer.concat([moduleFile('a', release), Buffer.alloc(2 * mebibyte)]);
  table.writeUInt16LE(16 * 1024 + 1, 60);
  const survey = await surveyModules(
    written(t, {
      'table.ko': table,
      'names.ko': buildElf({ sections: [usual, { name: 'n'.repeat(mebibyte), content: 0 }] }),
      'modinfo.ko': buildElf({ sections: [{ name: '.modinfo', content: Buffer.alloc(mebibyte + 1) }] }),
    }),
  );
  t.deepEqual(
    [...survey.paths()].map((path) => failureOf(survey.get(path))?.code),
    ['limit', 'limit', 'limit'],
  );
});

test('without the addon nothing is surveyed', (t) => {
  const source = new URL('../../src/source/module-survey.js', import.meta.url).href;
  const program = `
    const { surveyModules } = await import(${JSON.stringify(source)});
    const survey = await surveyModules(['/dev/null']);
    process.stdout.write(JSON.stringify([survey.size, survey.get('/dev/null') === undefined]));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, IKFS_NATIVE: 'off' },
  });
  t.is(said.toString(), '[0,true]');
});
