/* BTF of other machines than this one, big-endian and 32-bit ones: made by clang and pahole of the C in foreign-types/. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';

/** The machine for which clang makes BTF itself. */
const clangsOwn = 'bpfeb';

export interface Machine {
  /** As clang calls it. */
  readonly target: string;
  readonly bigEndian: boolean;
  /** Of a pointer. */
  readonly bits: 32 | 64;
}

export const machines: readonly Machine[] = [
  { target: 's390x-linux-gnu', bigEndian: true, bits: 64 },
  { target: 'mips64-linux-gnuabi64', bigEndian: true, bits: 64 },
  { target: 'powerpc-linux-gnu', bigEndian: true, bits: 32 },
  { target: 'arm-linux-gnueabi', bigEndian: false, bits: 32 },
  { target: 'i386-linux-gnu', bigEndian: false, bits: 32 },
  { target: clangsOwn, bigEndian: true, bits: 64 },
];

/** The path of C that BTF is made of. */
export const source = (name: string): string => join(packageRoot, 'test', 'real', 'foreign-types', name);

/** Runs a tool. @returns what it puts out @throws Error with its first complaints */
export function run(command: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  if (status === 0) return stdout;
  const complaints = stderr.split('\n').filter((line) => /error/i.test(line));
  throw new Error(`${command} ended with ${status}: ${complaints.slice(0, 5).join('\n') || stderr}`);
}

/**
 * Compiles C with DWARF of all its types. Names stand in it as they are, as libdw can not resolve references of all
 * machines' object files.
 * @param more options of the compiler
 */
export function compile(target: string, input: string, object: string, more: readonly string[] = []): void {
  const dwarf = ['-gdwarf-4', '-mllvm', '-dwarf-inlined-strings=Enable', '-fno-eliminate-unused-debug-types'];
  const macros = ['-DBPF_NO_PRESERVE_ACCESS_INDEX'];
  run('clang', ['-target', target, '-w', ...dwarf, ...macros, ...more, '-c', input, '-o', object]);
}

/** Makes BTF of an object's DWARF. @param base what it is to be split on */
export function encode(object: string, btf: string, base?: string): void {
  const split = base === undefined ? [] : ['--btf_base', base];
  run('pahole', [...split, '--btf_gen_floats', `--btf_encode_detached=${btf}`, object]);
}

/** The path of a file in a test's own folder. */
export type Place = (name: string) => string;

/** Makes BTF of C for a machine. @returns its path */
export function makeBtf(target: string, input: string, place: Place): string {
  const [object, btf] = [place('types.o'), place('types.btf')];
  compile(target, input, object);
  if (target === clangsOwn) run('llvm-objcopy', ['--dump-section', `.BTF=${btf}`, object, '/dev/null']);
  else encode(object, btf);
  return btf;
}
