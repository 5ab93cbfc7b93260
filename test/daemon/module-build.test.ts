/* ikfs module-build, and what make answers in build/. Truth: the same module built with Debian's own tree. */
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { compilerIn } from '../../daemon/module-build/compilers.ts';
import {
  archiveTree,
  kbuildRelease,
  mergeKbuild,
  programFor,
  sayingProgram,
  smallKbuild,
  writeModule,
  writeProgram,
} from '../kbuild-archive.ts';
import { run, startDaemon } from '../mount/daemon.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import { writeFiles } from '../synthetic-kernel.ts';
import { assertOneLine, folderOf, ikfs, ownCache, start } from './ikfs.ts';

const tools = ['tool:make', 'tool:gcc', 'tool:tar', 'tool:xz'] as const;

/** The bytes of sections of a module that do not depend on where it was built. */
async function sectionsOf(t: ExecutionContext, module: string): Promise<Record<string, string>> {
  const folder = folderOf(t);
  const names = ['.init.text', '.exit.text', '.modinfo', '__versions', '.gnu.linkonce.this_module'];
  const dumps = names.map((name, at) => `--dump-section=${name}=${folder}/${at}`);
  await run('objcopy', [...dumps, module, join(folder, 'copy')]);
  return Object.fromEntries(
    names.map((name, at) => [name, readFileSync(join(folder, String(at)), 'base64')]),
  );
}

testWith([
  ...tools,
  'debian-kbuild',
  'debian',
  'mount',
  'tool:gcc-12',
  'tool:pahole',
  'tool:objcopy',
  'bpftool',
])(
  "a module built with an archive of Debian's kbuild is the one that Debian's own tree builds",
  async (t) => {
    const folder = folderOf(t);
    const at = (name: string): string => join(folder, name);
    mergeKbuild(at('tree'));
    await archiveTree(at('tree'), at('kheaders.tar.xz'));
    for (const name of ['truth', 'direct', 'command']) writeModule(at(name));
    await run('make', ['-C', at('tree'), `M=${at('truth')}`, 'modules']);
    const truth = await sectionsOf(t, at('truth/hello.ko'));

    const image = join(debianRoot('6.1'), 'boot', `vmlinuz-${kbuildRelease}`);
    const sources = ['--headers', at('kheaders.tar.xz'), '--image', image, '--release', kbuildRelease];
    const daemon = await startDaemon(sources);
    try {
      const kernel = join(daemon.mountpoint, kbuildRelease);
      await run('make', ['-C', join(kernel, 'build'), `M=${at('direct')}`, 'modules']);
      t.false(existsSync(join(kernel, 'build', 'GNUmakefile')));
      t.false(existsSync(join(kernel, 'headers-only.mk')));
    } finally {
      await daemon.stop();
    }
    t.deepEqual(await sectionsOf(t, at('direct/hello.ko')), truth);

    mkdirSync(at('tmp'));
    const cache = ownCache(t);
    const built = await ikfs(['module-build', ...sources, ...cache, at('command')], {
      env: { TMPDIR: at('tmp') },
    });
    t.is(built.status, 0, built.stderr);
    t.is(built.stderr, '');
    t.deepEqual(readdirSync(at('tmp')), [], 'the copy of build/ is gone');
    t.deepEqual(await sectionsOf(t, at('command/hello.ko')), truth);
    const base = await ikfs(['extract', ...sources, ...cache, `${kbuildRelease}/btf/vmlinux`, '-o', folder]);
    t.is(base.status, 0, base.stderr);
    const btf = ['btf', 'dump', 'file', at('command/hello.ko'), '-B', at(`${kbuildRelease}/btf/vmlinux`)];
    t.regex(await run('bpftool', btf), /FUNC 'hello_init'/);
  },
);

testWith(['corpus', 'tool:make', 'mount'])(
  'an archive of headers only says so before anything is copied or compiled, to ikfs and to make',
  async (t) => {
    const module = join(folderOf(t), 'hello');
    writeModule(module);
    const args = ['module-build', '--sysroot', corpusRoot(), ...ownCache(t), module];
    const line =
      /headers only: the header archive of 6\.1\.192-ik has no Makefile and no scripts\/Makefile\.build, so .* Install linux-headers-6\.1\.192-ik/;
    assertOneLine(t, await ikfs(args), 1, line);
    const daemon = await startDaemon(['--sysroot', corpusRoot()]);
    try {
      const build = join(daemon.mountpoint, corpusRelease, 'build');
      t.false(existsSync(join(build, 'Makefile')));
      for (const goal of ['modules', 'clean', 'kernelrelease']) {
        const made = await start('make', ['-C', build, `M=${module}`, goal]);
        t.is(made.status, 2);
        t.regex(made.stderr, /^GNUmakefile:\d+: \*\*\* headers only: [^\n]*Stop\.\n$/);
        t.regex(made.stderr, line);
      }
    } finally {
      await daemon.stop();
    }
    t.deepEqual(readdirSync(module).sort(), ['Makefile', 'hello.c']);
  },
);

testWith(['corpus', 'tool:make', 'mount'])(
  'headers made from BTF are refused by ikfs and by make, where there is no archive and where there is one',
  async (t) => {
    const module = join(folderOf(t), 'hello');
    writeModule(module);
    const image = join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`);
    const line =
      /headers for BPF programs only: bpf-headers\/ of 6\.1\.192-ik is made from BTF, .* Install linux-headers-6\.1\.192-ik/;
    assertOneLine(t, await ikfs(['module-build', '--image', image, ...ownCache(t), module]), 1, line);
    const chosen = ['module-build', '--headers', 'btf', '--sysroot', corpusRoot(), ...ownCache(t), module];
    assertOneLine(t, await ikfs(chosen), 2, /no module can be built with headers made from BTF/);
    const daemon = await startDaemon(['--sysroot', corpusRoot()]);
    try {
      const folder = join(daemon.mountpoint, corpusRelease, 'bpf-headers');
      t.false(existsSync(join(folder, 'Makefile')), 'nobody takes it for the tree of a build');
      for (const goal of ['modules', 'clean', 'kernelrelease']) {
        const made = await start('make', ['-C', folder, `M=${module}`, goal]);
        t.is(made.status, 2);
        t.regex(made.stderr, line);
      }
    } finally {
      await daemon.stop();
    }
    t.deepEqual(readdirSync(module).sort(), ['Makefile', 'hello.c']);
  },
);

/** A tree of smallKbuild() with more files, packed; and a folder to build in. */
async function smallArchive(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  programs: Readonly<Record<string, Buffer>>,
): Promise<{ readonly args: string[]; readonly module: string }> {
  const folder = folderOf(t);
  const tree = join(folder, 'tree');
  writeFiles(tree, { ...smallKbuild(), ...files });
  for (const [path, bytes] of Object.entries(programs)) writeProgram(join(tree, path), bytes);
  await archiveTree(tree, join(folder, 'kheaders.tar.xz'));
  const module = join(folder, 'module');
  writeFiles(module, { Makefile: '' });
  const sources = ['--headers', join(folder, 'kheaders.tar.xz'), '--release', '6.1.0'];
  return { args: ['module-build', ...sources, ...ownCache(t), module], module };
}

/** e_machine of a kind of machine that is not this one. */
const foreign = process.arch === 'arm64' ? 62 : 183;
const foreignPrograms = {
  'scripts/basic/fixdep': programFor(foreign),
  'scripts/mod/modpost': programFor(foreign),
};

testWith(tools)('host programs of another machine are built anew from their sources', async (t) => {
  const { args, module } = await smallArchive(
    t,
    {
      'scripts/basic/fixdep.c': sayingProgram('dependencies'),
      'scripts/mod/modpost.c': sayingProgram('symbols'),
    },
    foreignPrograms,
  );
  const built = await ikfs(args);
  t.is(built.status, 0, built.stderr);
  t.is(readFileSync(join(module, 'made'), 'utf8'), 'dependencies\nsymbols\n');
  t.regex(built.stderr, /building anew what does not run here: .*fixdep is for (?:arm64|x86-64)/);
  t.regex(
    built.stderr,
    /the kernel was built by gcc \(Test\) 4\.9\.0, the module will be by gcc .*CC=COMMAND/,
  );
});

testWith(tools)(
  'host programs of another machine without sources are named, and nothing is built',
  async (t) => {
    const { args, module } = await smallArchive(t, {}, foreignPrograms);
    const built = await ikfs(args);
    t.is(built.status, 4, built.stderr);
    t.regex(
      built.stderr,
      /scripts\/basic\/fixdep is for \S+,? .*no sources to build them anew\. Build on a machine of that kind/,
    );
    t.deepEqual(readdirSync(module), ['Makefile']);
  },
);

testWith(tools)(
  'a build that fails says so, with what make has said, and leaves no copy behind',
  async (t) => {
    const { args } = await smallArchive(t, { 'scripts/basic/fixdep.c': sayingProgram('dependencies') }, {});
    const broken = await ikfs(args);
    t.is(broken.status, 4, 'modpost has no sources');
    const folder = folderOf(t);
    const again = await smallArchive(
      t,
      {
        'scripts/basic/fixdep.c': sayingProgram('a'),
        'scripts/mod/modpost.c': 'int main(void) { return 1; }',
      },
      {},
    );
    const failed = await ikfs(again.args, { env: { TMPDIR: folder } });
    t.is(failed.status, 1, failed.stderr);
    t.regex(failed.stderr, /make: ended with status 2/);
    t.deepEqual(readdirSync(folder), []);
  },
);

testWith(tools)('what can not be built in is refused at once', async (t) => {
  const folder = folderOf(t);
  assertOneLine(t, await ikfs(['module-build', folder]), 1, /no Kbuild and no Makefile/);
  assertOneLine(t, await ikfs(['module-build', join(folder, 'none')]), 1, /no such file/);
  writeFiles(join(folder, 'a b'), { Makefile: '' });
  assertOneLine(t, await ikfs(['module-build', join(folder, 'a b')]), 2, /spaces or colons/);
});

test('compilers are recognised by what they say of themselves', (t) => {
  const texts = {
    'gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0': ['gcc', 12],
    'gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)': ['gcc', 11],
    'aarch64-linux-gnu-gcc (crosstool (1.2) 7.1) 13.3.0': ['gcc', 13],
    'Debian clang version 14.0.6': ['clang', 14],
    'Android (8508608, based on r450784e) clang version 14.0.7 (https://host/x 4c603efb)': ['clang', 14],
  } as const;
  for (const [text, [kind, major]] of Object.entries(texts))
    t.deepEqual(compilerIn(text), { kind, major }, text);
  t.is(compilerIn('tcc version 0.9'), undefined);
});
