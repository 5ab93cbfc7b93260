/*
 * Real tools that fail for want of headers and types, and work by `ikfs exec` and by the variables of `ikfs env`.
 * They compile; nothing is loaded into the running kernel, which is another one than they see.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { existsSync } from 'node:fs';
import { startDaemon } from '../mount/daemon.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith, toolPath } from '../requirements.ts';
import { running, startExec } from './exec-run.ts';
import { ikfs, ownCache, start } from './ikfs.ts';
import type { Run } from './ikfs.ts';

/** A program for tracing; bcc compiles it and attaches nothing. */
const bccProgram = `
from bcc import BPF
BPF(text=r"""
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

const bpftraceScript = `#include <linux/fdtable.h>
  BEGIN { printf("%d", ((struct files_struct *)0)->next_fd); exit(); }`;

/** A tool, with what it says when all is well. */
interface Tool {
  readonly need: 'bcc' | 'bpftrace' | 'bpftool';
  readonly command: readonly [string, ...string[]];
  readonly says: RegExp;
  /** Whether variables are enough for it. */
  readonly byVariables: boolean;
}

const tools: readonly Tool[] = [
  {
    need: 'bcc',
    command: ['/usr/bin/python3', '-c', bccProgram],
    says: /^compiled$/m,
    byVariables: true,
  },
  {
    need: 'bpftrace',
    command: [toolPath('bpftrace') ?? 'bpftrace', '-d', '-e', bpftraceScript],
    says: /define .*@BEGIN/,
    byVariables: true,
  },
  {
    need: 'bpftool',
    // A module that is not loaded, at the path where types of loaded ones are.
    command: [
      toolPath('bpftool') ?? 'bpftool',
      'btf',
      'dump',
      'file',
      '/sys/kernel/btf/btrfs',
      'format',
      'c',
    ],
    says: /struct btrfs_root \{/,
    byVariables: false,
  },
];

/** bpftrace would read the running kernel's list of functions, which a locked-down kernel does not give. */
const env = { BPFTRACE_AVAILABLE_FUNCTIONS_TEST: '/dev/null' };

/** Whether this system has what the tools are to fail for want of. */
const hasHeaders = existsSync(`/lib/modules/${running}/build/include`);

/** Runs a tool through a shell with the variables that `ikfs env` prints. */
async function withVariables(t: ExecutionContext, tool: Tool, options: readonly string[]): Promise<Run> {
  const daemon = await startDaemon(['--sysroot', corpusRoot(), ...options]);
  t.teardown(daemon.stop);
  const lines = await ikfs(['env', '--mount', daemon.mountpoint]);
  t.is(lines.status, 0, lines.stderr);
  t.true(lines.stdout.toString().includes(`${daemon.mountpoint}/${corpusRelease}/build`));
  return await start('sh', ['-c', `${lines.stdout.toString()}\nexec "$@"`, 'sh', ...tool.command], { env });
}

for (const tool of hasHeaders ? [] : tools) {
  const { need, command, says, byVariables } = tool;
  const [program, ...words] = command;
  testWith(['corpus', 'mount', 'addon', 'root', need])(
    `${need} fails by itself, and works by ikfs exec${byVariables ? ' and with ikfs env' : ''}`,
    async (t) => {
      t.not((await start(program, words, { env })).status, 0);
      const shown = startExec(['--sysroot', corpusRoot(), ...ownCache(t), '--', ...command], { env });
      t.is(await shown.ended, 0, shown.stderr());
      t.regex(shown.stdout(), says);
      if (!byVariables) return;
      const led = await withVariables(t, tool, []);
      t.is(led.status, 0, led.stderr);
      t.regex(led.stdout.toString(), says);
    },
  );
}

if (hasHeaders) {
  test.skip('tools fail by themselves [skipped: this system has kernel headers]', (t) => {
    t.pass();
  });
}
