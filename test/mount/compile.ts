import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bccDefinitions, bccIncludeFolders } from '../bcc-clang.ts';
import { run } from './daemon.ts';

/** A program as tracing tools have it: few lines, and hundreds of headers below them. */
const program = `
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>
#include <net/sock.h>
int on_connect(struct task_struct *task, struct sock *sk) { return task->pid + sk->__sk_common.skc_family; }
`;

/**
 * Compiles a small program against a header tree of x86, as bcc has it done; clang makes no code.
 * @param tree path of the header tree
 * @param scratch a folder for the program
 */
export async function compile(tree: string, scratch: string): Promise<void> {
  const source = join(scratch, 'program.c');
  writeFileSync(source, program);
  const own = (await run('clang', ['-print-resource-dir'])).trim();
  await run('clang', [
    ...['-fsyntax-only', '-O2', '-target', 'x86_64-unknown-linux-gnu', '-w'],
    ...['-nostdinc', '-isystem', join(own, 'include')],
    ...bccIncludeFolders.map((folder) => `-I${join(tree, folder)}`),
    ...['-include', join(tree, 'include/linux/kconfig.h')],
    ...bccDefinitions,
    source,
  ]);
}
