import test from 'ava';
import type { ExecutionContext } from 'ava';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingNames, severities } from '../../daemon/doctor/finding.ts';
import type { Finding } from '../../daemon/doctor/finding.ts';
import { formatReport, reportJson } from '../../daemon/doctor/report.ts';
import { askForVersion } from '../../daemon/doctor/tool-version.ts';
import { packageRoot } from '../../src/native.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { configOf, headerArchive, headerFiles, vmlinux } from '../synthetic-kernel.ts';
import {
  bcc,
  buildFolder,
  buildSystem,
  examineSystem,
  headersIn,
  release,
  without,
} from './doctor-system.ts';
import type { SystemSpec } from './doctor-system.ts';
import { assertOneLine, folderOf, ikfs, ownCache } from './ikfs.ts';
import type { Run } from './ikfs.ts';

/** What --json prints, as far as the tests read it. */
interface Printed {
  readonly release: string;
  readonly running: boolean;
  readonly ikfs: { readonly headers: object; readonly btf: object };
  readonly tools: readonly { readonly name: string; readonly version: string | null }[];
  readonly lookups: readonly {
    readonly tool: string;
    readonly need: string;
    readonly finds: string | null;
  }[];
  readonly findings: readonly Finding[];
}

const printed = ({ stdout }: Run): Printed => JSON.parse(stdout.toString()) as Printed;

/** A report of a system, without the name of its folder. */
async function reportOf(t: ExecutionContext, spec: SystemSpec): Promise<string> {
  const examination = await examineSystem(t, spec);
  return formatReport(examination, spec.asked !== undefined).replace(
    examination.subject.system.root.path,
    '/root',
  );
}

const noBuild = without(headersIn(buildFolder));

const sick: SystemSpec = {
  files: { ...noBuild, ...without(bcc('0.37.0')), ...bcc('0.26.0', 14), 'proc/config.gz': undefined },
  links: { [buildFolder]: '/home/builder/linux' },
  directories: ['tmp/kheaders-6.1.0-old'],
  programs: { gcc: '12.2.0', dkms: '3.0.10', clang: '14.0.6' },
};

/** Reports as they were read and found right, by the system that they are of. */
const reports: Readonly<Record<string, SystemSpec>> = {
  sound: { mountpoint: '/run/ikfs' },
  sick,
  tools: { ...sick, asked: ['bcc', 'perf'] },
};

for (const [name, spec] of Object.entries(reports)) {
  // IKFS_UPDATE=1 writes them anew, to be read again.
  test(`the report of a system: ${name}`, async (t) => {
    const path = join(packageRoot, 'test/daemon/doctor-reports', `${name}.txt`);
    const report = await reportOf(t, spec);
    if (process.env['IKFS_UPDATE'] === '1') writeFileSync(path, report);
    t.is(report, readFileSync(path, 'utf8'));
  });
}

test('no line of a report is too wide, unless a command is', async (t) => {
  for (const spec of [{}, sick, { ...sick, asked: ['bcc', 'libbpf', 'pahole'] }]) {
    const wide = (await reportOf(t, spec)).split('\n').filter((line) => line.length > 100);
    t.deepEqual(
      wide.filter((line) => !/^ +\$ /.test(line)),
      [],
    );
  }
});

test('nothing in a report is obeyed by a terminal', async (t) => {
  const report = await reportOf(t, {
    files: headersIn(buildFolder, 'x\u001b[31mred'),
    environment: { BCC_KERNEL_SOURCE: '/a\u001b]0;title\u0007\nb' },
  });
  t.notRegex(report, /[\u0000-\u0009\u000b-\u001f\u007f]/);
});

test('what is printed for programs is the same each time', async (t) => {
  const textOf = async (): Promise<string> => {
    const examination = await examineSystem(t, sick);
    const { path } = examination.subject.system.root;
    return JSON.stringify(reportJson(examination)).replaceAll(path, '/root');
  };
  const text = await textOf();
  t.is(await textOf(), text);
  const { findings } = JSON.parse(text) as Printed;
  t.true(findings.every(({ name }) => findingNames.includes(name)));
  const ranks = findings.map(({ severity }) => severities.indexOf(severity));
  t.deepEqual(ranks, [...ranks].sort());
  t.deepEqual(Object.keys(JSON.parse(text) as object), [
    'root',
    'release',
    'running',
    'kernel',
    'ikfs',
    'tools',
    'compilers',
    'lookups',
    'findings',
  ]);
});

// --- As a command.

test('exit status 0 of a sound system, of which ikfs has nothing', async (t) => {
  // Versions of programs are not known there: nothing of it is run.
  const run = await ikfs(['doctor', '--sysroot', buildSystem(t, {}), ...ownCache(t)]);
  t.is(run.status, 0, run.stdout.toString());
  t.regex(run.stdout.toString(), /\nNothing is wrong\.\n$/);
  t.is(run.stderr, '');
});

test('exit status 1 with warnings, 4 with problems', async (t) => {
  const warned = buildSystem(t, { files: { 'proc/config.gz': undefined } });
  const run = await ikfs(['doctor', '--sysroot', warned, ...ownCache(t)]);
  t.is(run.status, 1, run.stdout.toString());
  t.regex(run.stdout.toString(), /\n0 problems, 1 warning\.\n$/);
  const broken = buildSystem(t, { files: noBuild });
  t.is((await ikfs(['doctor', '--sysroot', broken, ...ownCache(t)])).status, 4);
});

test('a tool that is not known, and a system that is not there', async (t) => {
  assertOneLine(t, await ikfs(['doctor', 'gdb']), 2, /does not know the tool 'gdb'/);
  assertOneLine(t, await ikfs(['doctor', '--sysroot', join(folderOf(t), 'none')]), 1, /none/);
});

testWith(['tool:xz', 'tool:tar'])('headers that ikfs has mend what is missing', async (t) => {
  const config = configOf('6.6.9', { IKHEADERS: 'y', DEBUG_INFO_BTF: 'y' });
  const archive = headerArchive({ ...headerFiles(release), 'include/linux/types.h': '/* */\n' });
  const root = buildSystem(t, {
    files: {
      ...noBuild,
      [`boot/vmlinux-${release}`]: vmlinux({ release, headers: archive, btf: buildBtf(), config }),
    },
  });
  const run = await ikfs(['doctor', '--json', '--sysroot', root, ...ownCache(t)]);
  const { findings } = printed(run);
  const finding = findings.find(({ name }) => name === 'headers-not-found');
  t.is(finding?.fix, 'ikfs mount --background && eval "$(ikfs env)"', run.stdout.toString());
  t.is(run.status, 4);
});

testWith(['tool:xz', 'tool:tar'])('an archive of links that lead out of it is told of', async (t) => {
  const root = buildSystem(t, { files: { ...noBuild, 'sys/kernel/kheaders.tar.xz': linksOnly(t) } });
  const run = await ikfs(['doctor', '--json', '--sysroot', root, ...ownCache(t)]);
  const { findings } = printed(run);
  const names = findings.map(({ name }) => name);
  t.true(names.includes('archive-of-links'), names.join());
  for (const lacking of ['headers-not-found', 'archive-of-links']) {
    const fix = findings.find(({ name }) => name === lacking)?.fix;
    t.is(fix, 'ikfs mount --background && eval "$(ikfs env --headers btf)"', lacking);
  }
});

/** An archive as builds with Bazel have made them (bcc issue 4503): each header a link to where it was built. */
function linksOnly(t: ExecutionContext): Buffer {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'include/linux'), { recursive: true });
  for (const name of ['kconfig.h', 'types.h', 'sched.h']) {
    symlinkSync(join('/build/bazel/include/linux', name), join(folder, 'include/linux', name));
  }
  const tar = execFileSync('tar', ['-C', folder, '-cf', '-', './']);
  return execFileSync('xz', ['-c'], { input: tar });
}

testWith(['corpus', 'addon'])('of a real kernel at rest, doctor tells what ikfs has', async (t) => {
  const run = await ikfs(['doctor', '--json', '--sysroot', corpusRoot(), ...ownCache(t)]);
  const report = printed(run);
  t.is(report.release, '6.1.192-ik');
  t.like(report.ikfs, { archive: { strayLinks: 0 } });
  t.regex(JSON.stringify(report.ikfs.headers), /kheaders\.ko/);
  t.is(run.status, 0, run.stdout.toString());
});

test('on this machine it ends with what there is, and changes nothing', async (t) => {
  const run = await ikfs(['doctor', ...ownCache(t)]);
  t.true([0, 1, 4].includes(run.status ?? -1), run.stderr);
  t.regex(run.stdout.toString(), /^Kernel \d+\.\d+.*\n {2}built by /);
  t.is(run.stderr, '');
});

testWith(['bpftrace', 'bpftool', 'bcc'])('tools of this machine are found with their versions', async (t) => {
  const { tools, running, lookups } = printed(await ikfs(['doctor', '--json', ...ownCache(t)]));
  t.true(running);
  for (const name of ['bpftrace', 'bpftool', 'bcc']) {
    t.regex(tools.find((tool) => tool.name === name)?.version ?? '', /^\d+\.\d+/, name);
    t.true(lookups.some(({ tool }) => tool === name));
  }
});

test.serial('a program that never tells its version is not waited for', async (t) => {
  const folder = folderOf(t);
  const [script, endless] = [join(folder, 'telling'), join(folder, 'endless')];
  writeFileSync(script, '#!/bin/sh\necho "tool (x86_64) version v1.2.3-rc, with 4.5" >&2\n', { mode: 0o755 });
  // Its child holds the pipe when it is killed.
  writeFileSync(endless, '#!/bin/sh\nsleep 60\n', { mode: 0o755 });
  t.is(await askForVersion(script), '1.2.3');
  const before = performance.now();
  t.is(await askForVersion(endless), undefined);
  t.true(performance.now() - before < 30_000);
  t.is(await askForVersion(join(folderOf(t), 'none')), undefined);
});
