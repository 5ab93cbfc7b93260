import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { corpusHeaderChecksums, corpusRelease, corpusTruth, sha256 } from '../real/truth.ts';

const run = promisify(execFile);

/** SHA-256 of files of a mount, by their path in it, as other programs than ikfs have it. */
export type Truths = Map<string, string>;

/** What the kernel's own build, objcopy and tar say of the corpus' kernel: lists that lie beside it. */
export function corpusTruths(): Truths {
  const artifacts = Object.entries(corpusTruth()).map(([name, truth]) => [name, truth.sha256] as const);
  const headers = [...corpusHeaderChecksums()].map(([path, sum]) => [`build/${path}`, sum] as const);
  return new Map([...artifacts, ...headers].map(([name, sum]) => [`${corpusRelease}/${name}`, sum]));
}

/**
 * The types of some of a system's modules, by objcopy.
 * @param root its root directory, with one kernel's modules
 * @param most how many modules are looked at, each in steps of the same width
 * @param scratch a folder for what objcopy writes
 */
export async function moduleTruths(root: string, most: number, scratch: string): Promise<Truths> {
  const modules = join(root, 'lib', 'modules');
  const [release = ''] = readdirSync(modules);
  const files = readdirSync(join(modules, release), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ko(\.xz)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const step = Math.max(1, Math.floor(files.length / most));
  const truths: Truths = new Map();
  for (const file of files.filter((_, index) => index % step === 0)) {
    const name = basename(file).replace(/\.ko(\.xz)?$/, '');
    const types = await typesSection(file, scratch);
    if (types) truths.set(`${release}/btf/${name.replaceAll('-', '_')}`, sha256(types));
  }
  return truths;
}

/** The bytes of a module's .BTF section, by objcopy, or undefined where it finds none. */
export async function typesSection(module: string, scratch: string): Promise<Buffer | undefined> {
  const plain = join(scratch, 'module.ko');
  const section = join(scratch, 'module.btf');
  const [decoder, option] = module.endsWith('.xz') ? ['xz', '-dc'] : ['cat', '--'];
  const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const;
  const { stdout } = await run(decoder, [option, module], options);
  writeFileSync(plain, stdout);
  try {
    await run('objcopy', ['--dump-section', `.BTF=${section}`, plain]);
    return readFileSync(section);
  } catch {
    return undefined;
  } finally {
    rmSync(plain, { force: true });
    rmSync(section, { force: true });
  }
}
