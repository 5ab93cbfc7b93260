/* What `ikfs exec` lays over which system: systems and kernels are made up, nothing is mounted. */
import test from 'ava';
import { dirname } from 'node:path';
import type { KernelTree } from '../../daemon/exec/kernel-tree.ts';
import { deservesWarning, pathAfter, planFor } from '../../daemon/exec/plan.ts';
import type { Plan } from '../../daemon/exec/plan.ts';
import type { Place, SystemView } from '../../daemon/exec/system-view.ts';
import type { FoundAlready } from '../../daemon/found-already.ts';

const running = '6.6.1';
const modules = `/usr/lib/modules/${running}`;

/** A system of these paths; `DIR/` is a directory, `LINK@` a link. /lib is a link to /usr/lib. */
function systemOf(paths: readonly string[], found: Partial<FoundAlready> = {}): SystemView {
  const kinds = new Map<string, Place['kind']>([['/', 'directory']]);
  for (const path of paths) {
    const bare = path.replace(/[/@]$/, '');
    for (let above = dirname(bare); above !== '/'; above = dirname(above)) kinds.set(above, 'directory');
    kinds.set(bare, path.endsWith('/') ? 'directory' : path.endsWith('@') ? 'link' : 'file');
  }
  const names = (folder: string): string[] =>
    [...kinds.keys()].filter((path) => dirname(path) === folder && path !== '/');
  return {
    found: {
      ...{ release: running, versionCode: 0, machine: 'x86_64', addressBits: 64 },
      ...{ headers: undefined, archive: undefined, btf: undefined, config: undefined },
      ...found,
    },
    names: (folder) => names(folder).map((path) => path.slice(folder === '/' ? 1 : folder.length + 1)),
    place(wanted) {
      const path = wanted.replace(/^\/lib\//, '/usr/lib/');
      let holder = dirname(path);
      while (!kinds.has(holder)) holder = dirname(holder);
      return { path, kind: kinds.get(path) ?? 'nothing', holder };
    },
  };
}

/** A kernel that has everything, or only some. */
function treeOf(release: string, names: readonly string[] = everything): KernelTree {
  return {
    folder: `/run/ikfs/${release}`,
    release,
    has: (artifact) => Promise.resolve(names.includes(artifact) ? 'yes' : 'no'),
    names: (folder) => Promise.resolve(folder === 'btf' ? ['vmlinux', 'ext4', 'kvm'] : names),
  };
}

const everything = ['config', 'config.gz', 'kheaders.tar.xz', 'build', 'btf/vmlinux', 'vmlinux', 'auto.conf'];

function outcomes({ rows }: Plan): Record<string, string> {
  return Object.fromEntries(rows.map(({ at, outcome }) => [at, outcome]));
}

/** A usual distribution: no headers, a dangling link to them, no /proc/config.gz, some modules loaded. */
const usual = [
  '/proc/version',
  '/sys/kernel/btf/vmlinux',
  '/sys/kernel/btf/ext4',
  '/sys/kernel/debug/',
  `/boot/config-${running}`,
  `${modules}/build@`,
  `${modules}/modules.dep`,
  `${modules}/kernel/`,
];

test('the running kernel gets what its system lacks, and keeps the rest', async (t) => {
  const plan = await planFor(systemOf(usual), treeOf(running));
  t.deepEqual(outcomes(plan), {
    '/proc/config.gz': 'left-out',
    '/sys/kernel/kheaders.tar.xz': 'laid-over',
    '/sys/kernel/btf': 'laid-over',
    [`/boot/config-${running}`]: 'there',
    [`/lib/modules/${running}/build`]: 'laid-over',
    [`/lib/modules/${running}/source`]: 'laid-over',
  });
  const from = `/run/ikfs/${running}`;
  t.deepEqual(plan.steps, [
    { kind: 'cover', folder: '/sys/kernel' },
    { kind: 'cover', folder: modules },
    { kind: 'bind', from: `${from}/kheaders.tar.xz`, at: '/sys/kernel/kheaders.tar.xz' },
    { kind: 'bind', from: `${from}/btf`, at: '/sys/kernel/btf' },
    { kind: 'bind', from: `${from}/build`, at: `${modules}/build` },
    { kind: 'bind', from: `${from}/build`, at: `${modules}/source` },
    { kind: 'link', to: `${from}/config`, at: `${modules}/config` },
    { kind: 'link', to: `${from}/vmlinux`, at: `${modules}/vmlinux` },
    { kind: 'link', to: `${from}/auto.conf`, at: `${modules}/auto.conf` },
  ]);
  t.false(
    plan.rows.some((row) => deservesWarning(plan, row)),
    '/boot/config-R stands in for /proc/config.gz',
  );
  t.is(pathAfter(plan, treeOf(running), 'build'), `/lib/modules/${running}/build`);
  t.is(pathAfter(plan, treeOf(running), 'config.gz'), `${from}/config.gz`);
});

test('headers made from BTF take the place of an archive that is not there', async (t) => {
  const tree = treeOf(running, [...everything.filter((name) => name !== 'build'), 'bpf-headers']);
  const plan = await planFor(systemOf(usual), tree);
  for (const name of ['build', 'source']) {
    const from = `/run/ikfs/${running}/bpf-headers`;
    t.true(
      plan.steps.some(
        (step) => step.kind === 'bind' && step.from === from && step.at === `${modules}/${name}`,
      ),
    );
  }
  t.is(pathAfter(plan, tree, 'bpf-headers'), `/lib/modules/${running}/build`);
});

test('headers chosen by hand are laid over those of the system', async (t) => {
  const system = systemOf([...usual, `${modules}/source/`], { headers: `/lib/modules/${running}/source` });
  const tree = treeOf(running, [...everything, 'bpf-headers']);
  const at = `/lib/modules/${running}/source`;
  const note = async (wanted?: 'archive' | 'btf'): Promise<string | undefined> =>
    (await planFor(system, tree, wanted)).rows.find((row) => row.at === at)?.note;
  t.is(await note(), 'as the system has it');
  t.is(await note('archive'), `/run/ikfs/${running}/build`);
  t.is(await note('btf'), `/run/ikfs/${running}/bpf-headers`);
});

test('a system that has everything stays as it is', async (t) => {
  const plan = await planFor(
    systemOf([...usual, '/proc/config.gz', '/sys/kernel/kheaders.tar.xz', '/sys/kernel/btf/kvm'], {
      headers: `/lib/modules/${running}/build`,
    }),
    treeOf(running),
  );
  t.deepEqual(plan.steps, []);
  t.deepEqual(new Set(Object.values(outcomes(plan))), new Set(['there']));
});

test("another kernel's artifacts take the place of all that the system has", async (t) => {
  const system = systemOf(
    [...usual, '/proc/config.gz', '/sys/kernel/kheaders.tar.xz', `${modules}/config`, `${modules}/build/`],
    { headers: `/lib/modules/${running}/build` },
  );
  const plan = await planFor(system, treeOf('5.10.0'));
  t.deepEqual(new Set(Object.values(outcomes(plan))), new Set(['laid-over']));
  t.deepEqual(
    plan.steps.filter(({ kind }) => kind === 'cover'),
    [{ kind: 'cover', folder: modules }],
    'what is there is bound over, but links go beside build/',
  );
  t.true(plan.steps.some((step) => step.kind === 'link' && step.at === `${modules}/config`));
});

test('without /boot, /sys/kernel and BTF, what can not be laid over says what stands in', async (t) => {
  const plan = await planFor(systemOf(['/proc/version', '/usr/lib/libc.so', '/etc/']), treeOf(running));
  t.deepEqual(outcomes(plan), {
    '/proc/config.gz': 'left-out',
    '/sys/kernel/kheaders.tar.xz': 'left-out',
    '/sys/kernel/btf': 'left-out',
    [`/boot/config-${running}`]: 'left-out',
    [`/boot/vmlinux-${running}`]: 'left-out',
    [`/lib/modules/${running}/build`]: 'laid-over',
    [`/lib/modules/${running}/source`]: 'laid-over',
  });
  t.deepEqual(plan.steps[0], { kind: 'cover', folder: '/usr/lib' });
  const config = plan.rows.find(({ at }) => at === '/proc/config.gz');
  t.regex(config?.note ?? '', /\/proc takes none; .*LIBBPFGO_KCONFIG_FILE stand in/);
  t.true(config && deservesWarning(plan, config));
});

test('where the kernel shows no types, they are laid over, also where libbpf looks next', async (t) => {
  const plan = await planFor(systemOf(['/sys/kernel/mm/', '/boot/grub/']), treeOf(running));
  t.is(outcomes(plan)['/sys/kernel/btf'], 'laid-over');
  t.is(outcomes(plan)[`/boot/vmlinux-${running}`], 'laid-over');
});

test('what a kernel has not is missing, and a directory with too many names is not covered', async (t) => {
  const crowd = Array.from({ length: 2001 }, (_, at) => `/usr/lib/lib${at}.so`);
  const plan = await planFor(systemOf([...crowd, '/proc/config.gz']), treeOf(running, ['build']));
  t.is(outcomes(plan)['/sys/kernel/btf'], 'missing');
  t.is(outcomes(plan)[`/lib/modules/${running}/build`], 'left-out');
  t.deepEqual(plan.steps, []);
});
