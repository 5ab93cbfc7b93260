import type { ByteSource } from '../bytes/byte-source.ts';
import { isElf, parseElf } from '../format/elf.ts';
import { headOf } from '../source/image.ts';
import { withContent } from './content-source.ts';
import type { HeaderTree } from './header-tree.ts';

/** A program that kbuild runs on the machine that builds, as an archive carries it. */
export interface HostProgram {
  /** Path in the archive: `scripts/basic/fixdep`. */
  readonly path: string;
  /** The machine that it runs on, by its ELF name. */
  readonly machine: string;
  /** Whether that is another one than this. */
  readonly isForeign: boolean;
  /** The dynamic linker that it asks for, undefined when it needs none. */
  readonly interpreter: string | undefined;
}

/** ELF machine numbers that Node's names of this process's architecture stand for (elf(5), e_machine). */
const machineOfProcess: Readonly<Partial<Record<NodeJS.Architecture, number>>> = {
  x64: 62,
  ia32: 3,
  arm64: 183,
  arm: 40,
  s390x: 22,
  ppc64: 21,
  riscv64: 243,
  loong64: 258,
};

/** p_type of the segment that names the dynamic linker (elf(5): PT_INTERP), and as long as a path may be. */
const interpreterSegment = 3;
const longestPath = 4096;

/** The programs below scripts/ and tools/ of a tree; what is damaged, or a script, is none. */
export async function hostPrograms(tree: HeaderTree): Promise<HostProgram[]> {
  const programs: HostProgram[] = [];
  for (const folder of ['scripts', 'tools']) {
    for (const { path, file } of tree.filesBelow(folder)) {
      if ((file.mode & 0o111) === 0 || file.size < 64) continue;
      const program = await withContent(tree.contentOf(file), path, (source) => describe(path, source));
      if (program) programs.push(program);
    }
  }
  return programs;
}

function describe(path: string, source: ByteSource): HostProgram | undefined {
  if (!isElf(headOf(source))) return undefined;
  try {
    const { machine, machineName, segments } = parseElf(source);
    const named = segments.find(({ type, size }) => type === interpreterSegment && size < longestPath);
    return {
      path,
      machine: machineName,
      isForeign: machine !== machineOfProcess[process.arch],
      interpreter: named && textUpToNul(source.read(named.offset, named.size)),
    };
  } catch {
    // Whoever runs it is told; the headers are as good without it.
    return undefined;
  }
}

function textUpToNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}
