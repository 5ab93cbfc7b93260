import { IkfsError } from '../errors.ts';

/** pahole(1) as it is installed here. */
export interface Pahole {
  /** As it says itself: `1.24`. */
  readonly version: string;
}

/** The first version that writes BTF into a file of its own (pahole(1), --btf_encode_detached). */
const oldest = { major: 1, minor: 22 };

/** A kernel with all its DWARF takes pahole a minute; longer than this, in milliseconds, and it hangs. */
const patience = 15 * 60 * 1000;

/** Complaints kept for the message, in characters. */
const mostComplaint = 400;

let found: Promise<Pahole | { readonly missing: string }> | undefined;

/** Looks for pahole, once. @returns or in words why it can not be used */
export function findPahole(): Promise<Pahole | { readonly missing: string }> {
  found ??= askVersion();
  return found;
}

async function askVersion(): Promise<Pahole | { readonly missing: string }> {
  const wanted = `pahole >= ${oldest.major}.${oldest.minor}`;
  let said: string;
  try {
    said = await run(['--version'], []);
  } catch {
    return { missing: `install ${wanted}` };
  }
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(said.trim()) ?? [];
  const version = `${major}.${minor}`;
  const isNewEnough =
    Number(major) > oldest.major || (Number(major) === oldest.major && Number(minor) >= oldest.minor);
  return isNewEnough ? { version } : { missing: `pahole ${version} is too old: install ${wanted}` };
}

/**
 * Makes BTF from the DWARF of an ELF file, which is only read.
 * @param files open files: the ELF file; the raw BTF that the new one is to be split on, if any; and an empty
 *   one that takes what is made
 * @throws IkfsError `corrupt` with what pahole says when it fails, `unavailable` when it can not be run
 */
export async function encodeFromDwarf(files: {
  readonly elf: number;
  readonly base: number | undefined;
  readonly output: number;
}): Promise<void> {
  const given = [files.elf, files.output, ...(files.base === undefined ? [] : [files.base])];
  // The child has them behind its three standard streams, in this order.
  const path = (at: number): string => `/proc/self/fd/${3 + at}`;
  const base = files.base === undefined ? [] : [`--btf_base=${path(2)}`];
  await run([`--btf_encode_detached=${path(1)}`, ...base, path(0)], given);
}

/** Runs pahole. @returns what it printed */
async function run(args: readonly string[], descriptors: readonly number[]): Promise<string> {
  const { spawn } = await import('node:child_process');
  return await new Promise((resolve, reject) => {
    const child = spawn('pahole', args, {
      stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
      timeout: patience,
    });
    let [output, complaint] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(0, mostComplaint);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(0, mostComplaint);
    });
    child.on('error', (error) => {
      reject(new IkfsError('unavailable', `pahole can not be run: ${error.message}`, { cause: error }));
    });
    child.on('close', (status, signal) => {
      if (status === 0) resolve(output);
      else reject(new IkfsError('corrupt', `pahole ended with ${status ?? signal}: ${complaint.trim()}`));
    });
  });
}
