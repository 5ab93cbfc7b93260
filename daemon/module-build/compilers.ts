import { spawnSync } from 'node:child_process';
import { compilerText } from '../../src/format/kernel-config.ts';
import { log } from '../log.ts';
import { askMake } from './make.ts';
import type { WorkTree } from './work-tree.ts';

/** A compiler, as the first line of its --version tells. */
export interface Compiler {
  readonly kind: 'gcc' | 'clang';
  readonly major: number;
}

/**
 * The compiler that a text speaks of: `gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0`, `Android (123, based on r450784d) clang
 * version 14.0.7`, or what kernels have as CONFIG_CC_VERSION_TEXT.
 */
export function compilerIn(text: string): Compiler | undefined {
  const clang = /\bclang version (\d+)/.exec(text);
  if (clang) return { kind: 'clang', major: Number(clang[1]) };
  // Packagers put versions of their own in brackets, and these may be nested.
  let plain = text;
  for (let before = ''; before !== plain;) {
    before = plain;
    plain = plain.replace(/\([^()]*\)/g, '');
  }
  const gcc = /\s(\d+)\.\d+/.exec(plain);
  return gcc && /\bg?cc\b/.test(plain) ? { kind: 'gcc', major: Number(gcc[1]) } : undefined;
}

/**
 * Warns when the module will be compiled by another compiler than the kernel was; nothing keeps it from being built, but
 * it gets options that were chosen for that one.
 * @throws IkfsError `unavailable` when there is no make
 */
export async function compareCompilers(tree: WorkTree, makeArguments: readonly string[]): Promise<void> {
  const theirText = compilerText(tree.has('.config') ? tree.read('.config') : '');
  const ourText = await compilerOfKbuild(tree, makeArguments);
  if (theirText === undefined || ourText === undefined) return;
  const theirs = compilerIn(theirText);
  const ours = compilerIn(ourText);
  if (!theirs || !ours || (theirs.kind === ours.kind && theirs.major === ours.major)) return;
  const clang = theirs.kind === 'clang' && ours.kind !== 'clang' ? ' LLVM=1' : '';
  log(
    'warning',
    `the kernel was built by ${theirText}, the module will be by ${ourText}; better install ${theirs.kind} ${theirs.major} and give -- CC=COMMAND${clang}`,
  );
}

/** First line of --version of what kbuild will call, undefined when it tells nothing. */
async function compilerOfKbuild(
  tree: WorkTree,
  makeArguments: readonly string[],
): Promise<string | undefined> {
  const answer = await askMake(tree, [
    ...makeArguments.filter((word) => word.includes('=')),
    'ikfs-compiler',
  ]);
  const command = /^ikfs-compiler: *(.+)$/m.exec(answer ?? '')?.[1];
  if (command === undefined) return undefined;
  const [program = '', ...args] = command.trim().split(/\s+/);
  const { stdout, error } = spawnSync(program, [...args, '--version'], { encoding: 'utf8', timeout: 30_000 });
  if (error)
    log(
      'warning',
      `the compiler that kbuild would call, ${command.trim()}, can not be run; give another: -- CC=COMMAND`,
    );
  return error ? undefined : stdout.split('\n')[0];
}
