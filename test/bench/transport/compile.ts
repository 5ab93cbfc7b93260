import { join } from 'node:path';
import { packageRoot } from '../../../src/native.ts';
import { bccDefinitions, bccIncludeFolders } from '../../bcc-clang.ts';
import { runCommand, timeCommand } from './commands.ts';

/** The source files that lie beside this one. */
export const sourceFile = (name: string): string => join(packageRoot, 'test', 'bench', 'transport', name);

let builtinHeaders: string | undefined;

/**
 * What bcc hands to clang for a program that includes kernel headers (src/cc/frontends/clang: kbuild_helper.cc,
 * loader.cc), from within the tree. Parsing is what takes the time there; no code is made.
 */
function clangArguments(): string[] {
  builtinHeaders ??= join(runCommand('clang', ['-print-resource-dir']).trim(), 'include');
  return [
    ...['-fsyntax-only', '-x', 'c', '-O2', '-target', 'x86_64-unknown-linux-gnu', '-w'],
    ...['-nostdinc', '-isystem', builtinHeaders],
    ...bccIncludeFolders.map((folder) => `-I${folder}`),
    ...['-include', 'include/linux/kconfig.h'],
    ...bccDefinitions,
    sourceFile('bpf-program.c'),
  ];
}

/** Compiles a program of bcc's kind with a header tree. @returns wall time in seconds */
export function timeCompile(tree: string): number {
  return timeCommand('clang', clangArguments(), { cwd: tree });
}

/** How many headers that program loads. */
export function countHeaders(tree: string): number {
  // -H lists them on standard error, where -### and warnings are silent.
  const listing = runCommand('sh', ['-c', 'exec clang -H "$@" 2>&1', 'clang', ...clangArguments()], {
    cwd: tree,
  });
  return listing.split('\n').filter((line) => /^\.+ /.test(line)).length;
}

/**
 * Records what that compilation asks of the tree.
 * @returns `open PATH` and `stat PATH` in order, also for what is missing; paths from the top of the tree
 */
export function recordCompile(tree: string): string[] {
  const trace = runCommand(
    'sh',
    ['-c', 'exec strace -f -e trace=%file -o "|cat" clang "$@" 2>&1', 'strace', ...clangArguments()],
    { cwd: tree },
  );
  return callsInTrace(trace);
}

/** The calls on relative paths in the output of strace(1), as `open PATH` and `stat PATH`. */
export function callsInTrace(trace: string): string[] {
  return trace.split('\n').flatMap((line) => {
    const [, name, path] = /^(?:\d+ +)?(\w+)\((?:AT_FDCWD, )?"([^"/][^"]*)"/.exec(line) ?? [];
    if (name === undefined || path === undefined) return [];
    if (name === 'open' || name === 'openat') return [`open ${path}`];
    return /^(?:stat|lstat|newfstatat|statx|access|faccessat2?)$/.test(name) ? [`stat ${path}`] : [];
  });
}
