/* Which variables `ikfs env` prints on which systems, and how shells understand the lines. */
import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainEnvironment, helpful } from '../../daemon/environment.ts';
import type { HeaderKind } from '../../daemon/header-choice.ts';
import { foundAlready, versionCodeOf } from '../../daemon/found-already.ts';
import type { FoundAlready } from '../../daemon/found-already.ts';
import { assignmentLine } from '../../daemon/shell-lines.ts';
import type { Shell } from '../../daemon/shell-lines.ts';
import { startDaemon } from '../mount/daemon.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { ikfs, start } from './ikfs.ts';

const bare: FoundAlready = {
  ...{ release: '6.6.1', versionCode: versionCodeOf('6.6.1'), machine: 'x86_64', addressBits: 64 },
  ...{ headers: undefined, archive: undefined, btf: undefined, config: undefined },
};

/** What is set on a system where kernels have some artifacts. */
async function variablesOf(
  system: Partial<FoundAlready>,
  kernels: Readonly<Record<string, readonly string[]>>,
  wanted?: HeaderKind,
): Promise<Record<string, string>> {
  const explanations = await explainEnvironment({
    system: { ...bare, ...system },
    wanted,
    kernels: Object.entries(kernels).map(([release, artifacts]) => ({
      release,
      has: (artifact) => Promise.resolve(artifacts.includes(artifact) ? 'yes' : 'no'),
    })),
    pathOf: (release, artifact) => `/m/${release}/${artifact}`,
  });
  for (const { why } of explanations) if (why === '') throw new Error('a variable is not explained');
  return Object.fromEntries(helpful(explanations).map(({ name, value }) => [name, value]));
}

const all = ['build', 'btf/vmlinux', 'config.gz'];

test('a system that has nothing gets everything', async (t) => {
  const [headers, types] = ['/m/6.6.1/build', '/m/6.6.1/btf/vmlinux'];
  t.deepEqual(await variablesOf({}, { '6.6.1': all }), {
    BCC_KERNEL_SOURCE: headers,
    BPFTRACE_KERNEL_SOURCE: headers,
    BPFTRACE_BTF: types,
    PAHOLE_VMLINUX_BTF_FILENAME: types,
    TETRAGON_BTF: types,
    TRACEE_BTF_FILE: types,
    BTF_FILE_PATH: types,
    LIBBPFGO_KCONFIG_FILE: '/m/6.6.1/config.gz',
  });
});

test('what tools find by themselves is left out', async (t) => {
  const there = {
    headers: '/lib/modules/6.6.1/build',
    btf: '/sys/kernel/btf/vmlinux',
    config: '/proc/config.gz',
  };
  t.deepEqual(await variablesOf(there, { '6.6.1': all }), {});
});

test("of another kernel only headers help, and on old kernels the running one's version", async (t) => {
  const old = { release: '4.19.0-27', versionCode: versionCodeOf('4.19.316') };
  const headers = { BCC_KERNEL_SOURCE: '/m/5.10/build', BPFTRACE_KERNEL_SOURCE: '/m/5.10/build' };
  t.deepEqual(await variablesOf({}, { '5.10': all }), headers);
  t.deepEqual(await variablesOf(old, { '5.10': all }), {
    ...headers,
    BCC_LINUX_VERSION_CODE: String(4 * 65_536 + 19 * 256 + 255),
  });
  t.false('BCC_LINUX_VERSION_CODE' in (await variablesOf(old, { '4.19.0-27': all })));
});

test('headers made from BTF are for kernels without an archive, or for whom they are chosen', async (t) => {
  const headersOf = async (...args: Parameters<typeof variablesOf>): Promise<string | undefined> => {
    const { BCC_KERNEL_SOURCE: bcc, BPFTRACE_KERNEL_SOURCE: bpftrace } = await variablesOf(...args);
    t.is(bcc, bpftrace);
    return bcc;
  };
  const both = [...all, 'bpf-headers'];
  const made = ['bpf-headers'];
  t.is(await headersOf({}, { '6.6.1': both }), '/m/6.6.1/build');
  t.is(await headersOf({}, { '6.6.1': made }), '/m/6.6.1/bpf-headers');
  t.is(await headersOf({}, { '6.6.1': made, '6.5': both }), '/m/6.6.1/bpf-headers', 'they are its own');
  t.is(await headersOf({}, { '6.6.1': both }, 'btf'), '/m/6.6.1/bpf-headers');
  t.is(await headersOf({}, { '6.6.1': made, '6.5': both }, 'archive'), '/m/6.5/build');
  t.is(await headersOf({}, { '6.6.1': made }, 'archive'), undefined);
  const system = { headers: '/lib/modules/6.6.1/build' };
  t.is(await headersOf(system, { '6.6.1': both }), undefined);
  t.is(await headersOf(system, { '6.6.1': both }, 'btf'), '/m/6.6.1/bpf-headers', 'it was asked for');
});

test('ARCH is set only where programs of 32 bits run on an Arm kernel of 64', async (t) => {
  const arch = async (machine: string, addressBits: number): Promise<string | undefined> =>
    (await variablesOf({ machine, addressBits }, { '6.6.1': all }))['ARCH'];
  t.is(await arch('armv8l', 64), 'arm64');
  t.is(await arch('armv7l', 32), undefined);
  t.is(await arch('aarch64', 64), undefined);
});

test('the running system is looked at without a complaint', (t) => {
  const { release, versionCode, addressBits } = foundAlready();
  t.true(release.startsWith(`${versionCode >> 16}.`));
  t.true(addressBits === undefined || [32, 64].includes(addressBits));
});

/** How each shell is made to run a script. */
const shells: readonly (readonly [Shell, `tool:${string}`])[] = [
  ['sh', 'tool:sh'],
  ['fish', 'tool:fish'],
  ['csh', 'tool:csh'],
];

for (const [shell, need] of shells) {
  testWith([need])(`${shell} takes a line for what it says, whatever is in it`, async (t) => {
    for (const value of ['/run/ikfs/6.1/build', "it's", 'a b', '$HOME `id` \\ \\\' "!" *', '#~?[x]{y}']) {
      const line = assignmentLine(shell, { name: 'IKFS_VALUE', value });
      const run = await start(shell, ['-c', `${line}\nprintenv IKFS_VALUE`]);
      t.is(run.stdout.toString(), `${value}\n`, run.stderr);
    }
  });
}

testWith(['corpus', 'mount', 'addon'])(
  'env asks what is mounted, has nothing made for it, and explains every variable',
  async (t) => {
    const daemon = await startDaemon(['--sysroot', corpusRoot(), '--no-prefetch']);
    t.teardown(daemon.stop);
    const args = ['env', '--mount', daemon.mountpoint];
    const { stdout } = await ikfs([...args, '--fish']);
    t.true(
      stdout.toString().includes(`set -gx BCC_KERNEL_SOURCE ${daemon.mountpoint}/${corpusRelease}/build;`),
    );
    const table = (await ikfs([...args, '--explain'])).stdout.toString();
    t.regex(table, /^BCC_KERNEL_SOURCE +bcc +\S+\/build +there are no headers at .*not the running kernel/m);
    t.regex(table, /^BPFTRACE_VMLINUX +bpftrace +- +it wants an ELF file with symbols/m);
    t.is(table.trimEnd().split('\n').length, 12);
    const status = JSON.parse(readFileSync(join(daemon.mountpoint, 'status.json'), 'utf8')) as {
      counters: { artifactsMade: number };
    };
    t.is(status.counters.artifactsMade, 0);
    t.is((await ikfs([...args, '--fish', '--json'])).status, 2);
  },
);
