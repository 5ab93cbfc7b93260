/*
 * Kernels without a header archive: bcc and bpftrace fail, and compile against bpf-headers/ through `ikfs env` and `ikfs exec`. They
 * compile only; nothing is attached to the running kernel, which is another one than they see.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../src/tree/status.ts';
import { running, startExec } from '../daemon/exec-run.ts';
import { folderOf, ikfs, ownCache, start } from '../daemon/ikfs.ts';
import { startDaemon } from '../mount/daemon.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, debianRoot, testWith, toolPath } from '../requirements.ts';
import type { Need } from '../requirements.ts';

/** What execsnoop does, in short: the arguments and the parent of whoever calls execve. */
const execsnoop = `
from bcc import BPF
program = BPF(text=r"""
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>
#include <linux/fs.h>
struct data_t { u32 pid; u32 ppid; char comm[TASK_COMM_LEN]; char argument[64]; };
BPF_PERF_OUTPUT(events);
int syscall__execve(struct pt_regs *ctx, const char __user *filename) {
  struct data_t data = {};
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  data.pid = bpf_get_current_pid_tgid() >> 32;
  data.ppid = task->real_parent->tgid;
  bpf_get_current_comm(&data.comm, sizeof(data.comm));
  bpf_probe_read_user_str(data.argument, sizeof(data.argument), filename);
  events.perf_submit(ctx, &data, sizeof(data));
  return 0;
}
""")
print("compiled", len(program.dump_func("syscall__execve")) // 8)
`;

const script = `#include <linux/sched.h>
#include <linux/fs.h>
BEGIN { $task = (struct task_struct *)curtask; printf("%d %d", $task->pid, O_CREAT); exit(); }
`;

/** A tool with what it says when its program was compiled. */
interface Compiler {
  readonly need: 'bcc' | 'bpftrace';
  readonly command: (folder: string) => readonly [string, ...string[]];
  readonly says: RegExp;
}

const compilers: readonly Compiler[] = [
  { need: 'bcc', command: () => ['/usr/bin/python3', '-c', execsnoop], says: /^compiled [1-9]\d+$/m },
  {
    need: 'bpftrace',
    command(folder) {
      writeFileSync(join(folder, 'script.bt'), script);
      return [toolPath('bpftrace') ?? 'bpftrace', '-d', join(folder, 'script.bt')];
    },
    says: /define .*@BEGIN/,
  },
];

/** bpftrace would read the running kernel's list of functions, which a locked-down kernel does not give. */
const env = { BPFTRACE_AVAILABLE_FUNCTIONS_TEST: '/dev/null' };

/** Kernels that have no header archive, or where it is taken away. */
const kernels: readonly { readonly need: Need; readonly name: string; readonly sources: () => string[] }[] = [
  {
    need: 'corpus',
    name: 'a kernel without its kheaders.ko',
    sources: () => ['--image', join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`)],
  },
  ...(['6.1-cloud', '6.12-cloud'] as const).map((kernel) => ({
    need: 'debian' as const,
    name: `Debian's ${kernel}`,
    sources: () => ['--sysroot', debianRoot(kernel)],
  })),
];

const hasHeaders = existsSync(`/lib/modules/${running}/build/include`);

async function assertFails(
  t: ExecutionContext,
  [program, ...words]: readonly [string, ...string[]],
): Promise<void> {
  t.not((await start(program, words, { env })).status, 0, 'it needs no headers');
}

for (const { need: compiler, command, says } of hasHeaders ? [] : compilers) {
  for (const { need, name, sources } of kernels) {
    testWith([need, compiler, 'mount', 'addon', 'root'])(
      `${compiler} compiles for ${name}, by ikfs env and by ikfs exec`,
      async (t) => {
        const line = command(folderOf(t));
        await assertFails(t, line);
        const daemon = await startDaemon(sources());
        t.teardown(daemon.stop);
        const lines = await ikfs(['env', '--mount', daemon.mountpoint]);
        t.regex(lines.stdout.toString(), /^export BCC_KERNEL_SOURCE=\S+\/bpf-headers$/m);
        t.regex(lines.stderr, /BPFTRACE_KERNEL_SOURCE: made from BTF, for BPF programs only/);
        const led = await start('sh', ['-c', `${lines.stdout.toString()}\nexec "$@"`, 'sh', ...line], {
          env,
        });
        t.is(led.status, 0, led.stderr);
        t.regex(led.stdout.toString(), says);
        const release = readdirSync(daemon.mountpoint).find((each) => /^\d/.test(each)) ?? '';
        const shown = startExec(['--mount', daemon.mountpoint, '--release', release, '--', ...line], { env });
        t.is(await shown.ended, 0, shown.stderr());
        t.regex(shown.stdout(), says);
      },
    );
  }
}

if (hasHeaders) {
  test.skip('bcc and bpftrace fail by themselves [skipped: this system has kernel headers]', (t) => {
    t.pass();
  });
}

testWith(['corpus', 'mount', 'addon', 'root', 'bcc'])(
  'where there is an archive, bpf-headers/ is for whom it is chosen',
  async (t) => {
    const sources = ['--sysroot', corpusRoot(), ...ownCache(t)];
    for (const [choice, tree] of [
      ['archive', 'build'],
      ['btf', 'bpf-headers'],
    ] as const) {
      const { stdout } = await ikfs(['env', '--headers', choice, ...sources]);
      t.regex(stdout.toString(), new RegExp(`^export BCC_KERNEL_SOURCE=\\S+/${tree}$`, 'm'));
      const text = 'grep -l "made by ikfs" "$BCC_KERNEL_SOURCE/README"; exec "$@"';
      const line = ['sh', '-c', text, 'sh', '/usr/bin/python3', '-c', execsnoop];
      const run = startExec(['--headers', choice, ...sources, '--', ...line], { env });
      t.is(await run.ended, 0, run.stderr());
      t.is(/README$/m.test(run.stdout()), choice === 'btf');
      t.regex(run.stdout(), /^compiled /m);
    }
  },
);

testWith(['debian', 'mount'])('bpf-headers/ has the paths of its kernel, and says what it is', async (t) => {
  const daemon = await startDaemon(['--sysroot', debianRoot('6.1-cloud')]);
  t.teardown(daemon.stop);
  const release = readdirSync(daemon.mountpoint).find((each) => /^\d/.test(each)) ?? '';
  const at = (path: string): string => join(daemon.mountpoint, release, 'bpf-headers', path);
  const status = (): Status['kernels'][number]['artifacts'][string] | undefined =>
    (JSON.parse(readFileSync(join(daemon.mountpoint, 'status.json'), 'utf8')) as Status).kernels[0]
      ?.artifacts['bpf-headers'];
  t.is(status()?.state, 'possible');
  t.true(statSync(at('')).isDirectory());
  t.is(status()?.state, 'possible', 'looking at it makes nothing');

  for (const path of ['include/linux/kconfig.h', 'include/linux/sched.h', 'arch/x86/include/asm/ptrace.h'])
    t.true(statSync(at(path)).size > 0, path);
  // Of no kernel, of older ones, of newer ones.
  for (const path of ['include/linux/of_ikfs.h', 'include/linux/genhd.h', 'include/linux/sched/ext.h'])
    t.throws(() => statSync(at(path)), { code: 'ENOENT' }, path);
  t.like(status(), { state: 'ready', derived: true });
  t.regex(JSON.stringify(status()?.steps), /made from BTF for BPF programs/);

  const readme = readFileSync(at('README'), 'utf8');
  t.true(
    readme.startsWith(`Headers for BPF programs on Linux ${release}, made by ikfs from the kernel's BTF`),
  );
  t.regex(readme, /not the headers that the kernel was built with[^]*modules can not be built with them/);
  t.is(/"(.*)"/.exec(readFileSync(at('include/generated/utsrelease.h'), 'utf8'))?.[1], release);
  // Debian's release says 6.1.0, its configuration and its own headers the version.
  const config = readFileSync(at('.config'), 'utf8');
  const [, major, minor, patch] = /^# Linux\/x86 (\d+)\.(\d+)\.(\d+) /m.exec(config) ?? [];
  const code = Number(major) * 65_536 + Number(minor) * 256 + Math.min(Number(patch), 255);
  const version = readFileSync(at('include/generated/uapi/linux/version.h'), 'utf8');
  t.true(version.includes(`LINUX_VERSION_CODE ${code}\n`), version);
});

testWith(['debian'])('ikfs info tells that headers were made', async (t) => {
  const { stdout } = await ikfs(['info', '--sysroot', debianRoot('6.1-cloud'), ...ownCache(t)]);
  t.regex(stdout.toString(), /^ +build +absent/m);
  t.regex(
    stdout.toString(),
    /^ +bpf-headers +\S+ MB +derived from the image\n +made from BTF and configuration, for BPF programs only, never for modules$/m,
  );
});
