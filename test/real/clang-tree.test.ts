/*
 * clang/ with bcc as Debian 12 has it, 0.26 with clang 14: what it does not compile against the headers themselves, and does
 * against these. Headers are those of Debian's packages; programs are compiled for the BPF target and not loaded.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { archiveHeaders } from '../consumers/merged-headers.ts';
import { folderOf, ikfs, ownCache, start } from '../daemon/ikfs.ts';
import { debianHeaders, mergeDebianHeaders } from '../debian-headers.ts';
import type { DebianHeaders } from '../debian-headers.ts';
import { testWith } from '../requirements.ts';

const testHeaders = testWith(['debian-headers', 'bcc', 'tool:tar', 'tool:xz', 'tool:find']);
const { x86, arm64, powerpc } = debianHeaders;

/** Extracts build/ and clang/ of headers. @param options lines for autoconf.h that Debian's kernel has not */
async function extractTrees(t: ExecutionContext, headers: DebianHeaders, options = ''): Promise<string> {
  const folder = folderOf(t);
  const tree = join(folder, 'headers');
  const { flavour } = headers;
  mergeDebianHeaders(headers, tree);
  appendFileSync(join(tree, 'include/generated/autoconf.h'), options);
  const archive = join(folder, 'kheaders.tar.xz');
  await archiveHeaders(tree, archive);
  const paths = [`${flavour}/build/include`, `${flavour}/build/arch`, `${flavour}/clang`];
  const sources = ['--headers', archive, '--release', flavour, ...ownCache(t)];
  const run = await ikfs(['extract', ...sources, ...paths, '-o', join(folder, 'out')]);
  t.is(run.status, 0, run.stderr);
  return join(folder, 'out', flavour);
}

/** What bcc says of a program, and whether it takes it. */
async function compile(
  tree: string,
  { architectures: [architecture] }: DebianHeaders,
  includes: readonly string[],
): Promise<{ readonly compiles: boolean; readonly said: string }> {
  const lines = includes.map((name) => `#include <${name}>`).join('\n');
  const script = `
from bcc import BPF
BPF._trace_autoload = lambda self: None
BPF(text='''
${lines}
int probe(void *context) { return bpf_get_current_pid_tgid() != 0; }
''')
`;
  const env = { BCC_KERNEL_SOURCE: tree, ARCH: architecture };
  const run = await start('/usr/bin/python3', ['-c', script], { env });
  return { compiles: run.status === 0, said: run.stderr };
}

/** Asserts that a program does not compile against build/, for that reason, and does against clang/. */
async function checkMended(
  t: ExecutionContext,
  headers: DebianHeaders,
  { options, includes, complaint }: { options?: string; includes: readonly string[]; complaint: RegExp },
): Promise<void> {
  const kernel = await extractTrees(t, headers, options);
  const plain = await compile(join(kernel, 'build'), headers, includes);
  t.false(plain.compiles);
  t.regex(plain.said, complaint);
  const mended = await compile(join(kernel, 'clang'), headers, includes);
  t.true(mended.compiles, mended.said);
}

testHeaders("bcc's copy of uapi/linux/bpf.h does not take the place of a later kernel's", (t) =>
  checkMended(t, x86, {
    includes: ['linux/sched.h', 'net/sock.h', 'linux/skbuff.h', 'linux/blk-mq.h'],
    complaint: /incomplete type 'struct bpf_wq'/,
  }),
);

testHeaders('KASAN_SHADOW_SCALE_SHIFT follows the configuration of an arm64 kernel', (t) =>
  checkMended(t, arm64, {
    options: `#define CONFIG_KASAN 1
#define CONFIG_KASAN_GENERIC 1
#define CONFIG_KASAN_OUTLINE 1
#define CONFIG_KASAN_SHADOW_OFFSET 0xdfff800000000000
`,
    includes: ['linux/sched.h', 'linux/mm.h'],
    complaint: /undeclared identifier 'KASAN_SHADOW_SCALE_SHIFT'/,
  }),
);

testHeaders("PowerPC's headers for gcc are read as clang's", (t) =>
  checkMended(t, powerpc, {
    includes: ['linux/sched.h'],
    complaint: /invalid output constraint '=YZ<>' in asm/,
  }),
);

testWith(['debian-headers', 'bpftrace', 'tool:tar', 'tool:xz', 'tool:find'])(
  'bpftrace compiles with clang/ what it compiles with build/',
  async (t) => {
    const kernel = await extractTrees(t, x86);
    const program = `#include <linux/sched.h>
#include <linux/skbuff.h>
kprobe:f { print(((struct sk_buff *)arg0)->len); }`;
    for (const tree of ['build', 'clang']) {
      const env = {
        BPFTRACE_KERNEL_SOURCE: join(kernel, tree),
        BPFTRACE_AVAILABLE_FUNCTIONS_TEST: '/dev/null',
      };
      const run = await start('bpftrace', ['-d', '-e', program], { env });
      t.notRegex(run.stderr, /\berror:/, tree);
      t.regex(run.stdout.toString(), /define i64 @"kprobe:f"/, tree);
    }
  },
);
