import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';

/** What captures the programs of bcc's tools; it lies beside the checkout. */
export const bccHarness: string =
  process.env['IKFS_BCC_COMPILE'] ?? join(packageRoot, '..', 'shared', 'tools', 'bcc-compile');

/** Debian's, which can import bcc. */
const python = '/usr/bin/python3';

/** What a program became with one tree of headers. */
export interface CompiledSide {
  /** CPU seconds of each round that went well; none when it does not compile. */
  readonly seconds: readonly number[];
  /** The code of its functions by their names, as checksums. */
  readonly functions: Readonly<Record<string, string>>;
  /** The first ones. */
  readonly errors: readonly string[];
}

/** A program, with each tree in the order in which they were given. */
export interface CompiledProgram {
  readonly name: string;
  readonly trees: readonly CompiledSide[];
}

/**
 * Compiles programs for bcc against header trees, by turns (compile-programs.py). Nothing is loaded.
 * @param programs folder with a file NAME.json for each
 * @param versionCode LINUX_VERSION_CODE of the kernel
 * @throws Error when they can not be compiled at all
 */
export function compilePrograms(
  programs: string,
  trees: readonly string[],
  versionCode: number,
  rounds: number,
): CompiledProgram[] {
  const script = join(packageRoot, 'test', 'bpf-headers', 'compile-programs.py');
  const { status, error, stdout, stderr } = spawnSync(
    python,
    [script, programs, String(versionCode), String(rounds), ...trees],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`compile-programs.py ended with ${status}: ${stderr.slice(-500)}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as CompiledProgram);
}

/** Runs a command, in mount name space of its own when that is `unshare`; what it puts out goes to a file. */
function run(output: string, command: string, args: readonly string[]): void {
  const descriptor = openSync(output, 'w');
  try {
    const { status, error } = spawnSync(command, args, { stdio: ['ignore', descriptor, 'inherit'] });
    if (error) throw error;
    if (status !== 0) throw new Error(`${command} ended with ${status}`);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Captures the programs of Debian's bpfcc-tools for a kernel, but for those that need a map of another program. Needs root,
 * bpftool and the tools.
 * @param btf of the kernel itself
 * @param folder for what is made
 * @returns the folder with the programs
 */
export function capturePrograms(btf: string, folder: string): string {
  const at = (name: string): string => join(folder, name);
  run(at('types.json'), 'bpftool', ['-j', 'btf', 'dump', 'file', btf]);
  run(at('types.log'), python, [join(bccHarness, 'ktypes.py'), at('types.json'), at('types.pkl')]);
  const capture = ['bash', join(bccHarness, 'capall.sh'), at('types.pkl'), at('programs')];
  run(at('programs.log'), 'unshare', ['--mount', ...capture]);
  for (const name of readdirSync(at('programs'))) {
    const path = join(at('programs'), name);
    if (!name.endsWith('.json') || readFileSync(path, 'utf8').includes('BPF_TABLE_PINNED')) rmSync(path);
  }
  return at('programs');
}

/**
 * Names that programs use, which headers of the kernel itself have and the others have not: a line for each (parity.py).
 * Such a gap may be silent, as `#ifdef` then takes the other branch.
 */
export function missingNames(programs: string, real: string, made: string, folder: string): string[] {
  const output = join(folder, 'parity');
  run(output, python, [join(bccHarness, 'parity.py'), programs, real, made]);
  return readFileSync(output, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Why programs can not be captured, or undefined when they can. */
export function missingForCapture(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can capture programs of bcc';
  if (!existsSync(join(bccHarness, 'capall.sh'))) return `there is no ${bccHarness}`;
  if (!existsSync('/usr/sbin/opensnoop-bpfcc')) return 'bpfcc-tools is not installed';
  return undefined;
}
