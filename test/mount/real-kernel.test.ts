import test from 'ava';
import { join } from 'node:path';
import { corpusRoot, debianRoot, missing, testWith, toolPath } from '../requirements.ts';
import { temporaryFolder } from '../open-tree.ts';
import { addCompanions, corpusRelease, corpusTruth } from '../real/truth.ts';
import { needsOf } from './conformance-mount.ts';
import type { TransportName } from './conformance-mount.ts';
import { isMounted, run, startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';

/** Compiles a program with bcc for tracing; nothing is attached. */
const bccProgram = `
import sys
from bcc import BPF
BPF(text=r"""
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>
#include <net/sock.h>
int on_connect(struct pt_regs *ctx, struct sock *sk) {
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  bpf_trace_printk("%d %d\\\\n", task->pid, sk->__sk_common.skc_family);
  return 0;
}
""")
print("compiled")
`;

/** The corpus kernel, used by real tools through a mount. */
function testRealKernel(transport: TransportName): void {
  const needs = ['corpus', ...needsOf[transport]] as const;

  /** One mount of the corpus kernel for all these tests. */
  let daemon: Daemon | undefined;
  test.before(async () => {
    if (needs.every((need) => missing(need) === undefined))
      daemon = await startDaemon(['--transport', transport, '--sysroot', corpusRoot()]);
  });
  test.after.always(async () => {
    await daemon?.stop();
  });

  /** A path in the corpus kernel's directory of the mount. */
  function mounted(path = ''): string {
    if (!daemon) throw new Error('there is no mount');
    return join(daemon.mountpoint, corpusRelease, path);
  }

  testWith([...needs, 'tool:tar'])(
    `${transport}: build/ equals what tar unpacks, and has five links more: names, contents, modes and links`,
    async (t) => {
      const folder = temporaryFolder();
      t.teardown(folder.remove);
      await run('tar', ['-C', folder.path, '-xJf', mounted('kheaders.tar.xz')]);
      await addCompanions(folder.path);
      await run('diff', ['-r', '--no-dereference', folder.path, mounted('build')]);
      // The root's own line differs only in what the archive says of it.
      const listing = (path: string): Promise<string> =>
        run('sh', [
          '-c',
          'cd "$1" && find . -mindepth 1 -printf "%y %m %s %p %l\\n" | sed "s/^d \\([0-9]*\\) [0-9]* /d \\1 - /" | sort',
          'sh',
          path,
        ]);
      t.is(await listing(mounted('build')), await listing(folder.path));
    },
  );

  testWith([...needs, 'tool:sha256sum'])(
    `${transport}: every artifact read through the mount has the right checksum`,
    async (t) => {
      const lines = Object.entries(corpusTruth()).map(([name, { sha256 }]) => `${sha256}  ${name}`);
      const checks = `cd "$1" && printf '%s\\n' "$2" | sha256sum --check --quiet`;
      await t.notThrowsAsync(run('sh', ['-c', checks, 'sh', mounted(), lines.join('\n')]));
    },
  );

  testWith([...needs, 'bpftool'])(
    `${transport}: bpftool takes vmlinux and every module of the mount`,
    async (t) => {
      const bpftool = toolPath('bpftool') ?? 'bpftool';
      const script = `
    cd "$1/btf" && "$2" btf dump file vmlinux format c >/dev/null &&
    ls | grep -v '^vmlinux$' | xargs -P2 -I{} sh -c '
      "$0" btf dump file {} -B vmlinux format c | grep -q "^#endif" && echo {}' "$2"`;
      const passed = (await run('sh', ['-c', script, 'sh', mounted(), bpftool])).trimEnd().split('\n');
      t.is(passed.length, 142);
    },
  );

  testWith([...needs, 'bpftool'])(`${transport}: bpftool takes the small vmlinux ELF`, async (t) => {
    const bpftool = toolPath('bpftool') ?? 'bpftool';
    const fromElf = await run(bpftool, ['btf', 'dump', 'file', mounted('vmlinux'), 'format', 'c']);
    t.is(fromElf, await run(bpftool, ['btf', 'dump', 'file', mounted('btf/vmlinux'), 'format', 'c']));
  });

  testWith([...needs, 'bcc'])(
    `${transport}: bcc compiles a program with kernel headers against build/`,
    async (t) => {
      const output = await run('/usr/bin/python3', ['-c', bccProgram], {
        BCC_KERNEL_SOURCE: mounted('build'),
      });
      t.is(output, 'compiled\n');
    },
  );

  testWith([...needs, 'bpftrace'])(
    `${transport}: bpftrace compiles a script that includes a kernel header`,
    async (t) => {
      const script = `#include <linux/fdtable.h>
    BEGIN { printf("%d", ((struct files_struct *)0)->next_fd); exit(); }`;
      const compile = (source: string): Promise<string> =>
        run(toolPath('bpftrace') ?? 'bpftrace', ['-d', '-e', script], {
          BPFTRACE_KERNEL_SOURCE: source,
          // It would read the running kernel's list of functions, which a locked-down kernel does not give.
          BPFTRACE_AVAILABLE_FUNCTIONS_TEST: '/dev/null',
        });
      t.regex(await compile(mounted('build')), /define .*@BEGIN/);
      await t.throwsAsync(compile('/nowhere'));
    },
  );

  testWith(['debian', ...needsOf[transport]])(
    `${transport}: mounting and listing 4,000 modules opens none of them`,
    async (t) => {
      const large = await startDaemon(['--transport', transport, '--sysroot', debianRoot('6.1')]);
      t.teardown(large.stop);
      const counters = async (): Promise<{ filesOpened: number; artifactsMade: number }> => {
        const status = await run('cat', [join(large.mountpoint, 'status.json')]);
        return (JSON.parse(status) as { counters: { filesOpened: number; artifactsMade: number } }).counters;
      };
      const before = await counters();
      const names = await run('sh', ['-c', 'ls "$1"/*/btf | wc -l', 'sh', large.mountpoint]);
      t.true(Number(names) > 4000);
      const after = await counters();
      t.is(before.artifactsMade, 0);
      t.is(after.artifactsMade, 0);
      t.is(after.filesOpened, before.filesOpened);
      t.true(before.filesOpened < 10);
    },
  );

  testWith(needs)(`${transport}: Ctrl-C unmounts and ends with 0`, async (t) => {
    const other = await startDaemon(['--transport', transport, '--sysroot', corpusRoot()]);
    t.true(isMounted(other.mountpoint));
    t.is(await other.stop(), 0);
    t.false(isMounted(other.mountpoint));
  });
}

for (const transport of ['kernel', 'fuse-native'] as const) testRealKernel(transport);
