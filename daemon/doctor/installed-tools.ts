import { basename, isAbsolute, join } from 'node:path';
import { FileSource } from '../../src/bytes/file-source.ts';
import { findSection, sectionSource } from '../../src/format/elf.ts';
import type { TellVersion } from './tool-version.ts';
import { byVersion } from './system.ts';
import type { System } from './system.ts';
import type { KnownTool } from './tools.ts';

/** A tool that is there. */
export interface InstalledTool {
  readonly name: string;
  /** The program, library or package, as a path of that system. */
  readonly path: string;
  /** Undefined where nothing tells it. */
  readonly version: string | undefined;
  /** Major version of the LLVM that it compiles kernel headers with, if it does. */
  readonly llvm: number | undefined;
}

/** Where programs are when no PATH says it; root's are looked at as well, which a user's PATH leaves out. */
const usualProgramFolders = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/system/bin',
];

/** Where libraries are; below the first three may be a folder of the architecture's (Debian's multiarch). */
const libraryFolders = [
  '/usr/local/lib',
  '/usr/lib',
  '/lib',
  '/usr/local/lib64',
  '/usr/lib64',
  '/system/lib64',
];

const pythonRoots = ['/usr/local/lib', '/usr/lib', '/usr/lib64'];

/** Those of the tools that are installed, in the order given. @param tellVersion of programs; libraries have it in their names */
export async function installedTools(
  system: System,
  known: readonly KnownTool[],
  tellVersion: TellVersion,
): Promise<InstalledTool[]> {
  const found = known.flatMap((tool) => {
    const place = placeOf(system, tool);
    return place === undefined ? [] : [{ tool, ...place }];
  });
  return await Promise.all(
    found.map(async ({ tool, path, library, version }) => ({
      name: tool.name,
      path,
      version: version ?? (library === undefined ? await tellVersion(path) : undefined),
      llvm: tool.compiles ? llvmOf(system, library ?? path) : undefined,
    })),
  );
}

interface FoundTool {
  readonly path: string;
  /** Set where the tool is a library. */
  readonly library?: string;
  readonly version?: string | undefined;
}

function placeOf(system: System, tool: KnownTool): FoundTool | undefined {
  const { programs = [], compiled, library, pythonPackage } = tool;
  for (const name of programs) {
    const path = programFolders(system)
      .map((folder) => join(folder, name))
      .find((each) => isProgram(system, each) && (compiled === undefined || isElfFile(system, each)));
    if (path !== undefined) return { path };
  }
  const libraryPath = library === undefined ? undefined : findLibrary(system, library);
  if (pythonPackage !== undefined) {
    const folder = findPythonPackage(system, pythonPackage);
    // Without its library the package is of no use, but it is what people call the tool.
    if (folder !== undefined) {
      const text = system.read(join(folder, 'version.py'), 4096)?.toString() ?? '';
      const version =
        /__version__\s*=\s*['"]v?(\d[^'"]*)/.exec(text)?.[1] ?? versionInName(system, libraryPath);
      return { path: folder, library: libraryPath ?? folder, version };
    }
  }
  if (libraryPath === undefined) return undefined;
  return { path: libraryPath, library: libraryPath, version: versionInName(system, libraryPath) };
}

/** The folders of PATH; what is relative in it leads elsewhere each time. */
export function programFolders({ environment }: System): string[] {
  const told = (environment['PATH'] ?? '').split(':').filter(isAbsolute);
  return [...new Set([...told, ...usualProgramFolders])];
}

/** Whether a program of that name is in PATH or in the usual folders. */
export function hasProgram(system: System, name: string): boolean {
  return programFolders(system).some((folder) => isProgram(system, join(folder, name)));
}

function isProgram(system: System, path: string): boolean {
  const stats = system.stat(path);
  return stats?.isFile() === true && (stats.mode & 0o111) !== 0;
}

/** elf(5): e_ident. */
function isElfFile(system: System, path: string): boolean {
  return system.read(path, 4)?.toString('latin1') === '\x7fELF';
}

/** The library of the highest version whose name begins so. */
function findLibrary(system: System, start: string): string | undefined {
  const multiarch = libraryFolders.slice(0, 3).flatMap((folder) =>
    system
      .list(folder)
      .filter((name) => /^[\w.]+-linux-/.test(name))
      .map((name) => join(folder, name)),
  );
  for (const folder of [...libraryFolders, ...multiarch]) {
    const names = system
      .list(folder)
      .filter((name) => name.startsWith(start) && /^[\d.]+$/.test(name.slice(start.length)));
    const name = names.sort(byVersion).at(-1);
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}

function findPythonPackage(system: System, name: string): string | undefined {
  return pythonRoots
    .flatMap((root) =>
      system
        .list(root)
        .filter((each) => each.startsWith('python3'))
        .flatMap((each) => ['dist-packages', 'site-packages'].map((kind) => join(root, each, kind, name))),
    )
    .find((folder) => system.isFile(join(folder, '__init__.py')));
}

/** `1.1.2` of libbpf.so.1 -> libbpf.so.1.1.2. */
function versionInName(system: System, library: string | undefined): string | undefined {
  if (library === undefined) return undefined;
  return /\.so\.(\d+\.\d[\d.]*)$/.exec(basename(system.real(library) ?? library))?.[1];
}

/** The largest table of names that is looked through, in bytes; libbcc's is 200 KB. */
const mostNames = 8 * 1024 * 1024;

/**
 * The LLVM that a program or library is linked with, from the libraries that it names (elf(5): DT_NEEDED, whose
 * texts are in .dynstr): `libLLVM-14.so.1`, `libclang-cpp.so.18.1`, `libLLVM.so.19.1`.
 */
function llvmOf(system: System, path: string): number | undefined {
  const real = system.real(path);
  if (real === undefined || !system.isFile(path)) return undefined;
  let file;
  try {
    file = FileSource.open(real);
    const names = findSection(file, '.dynstr');
    if (names === undefined || names.section.size > mostNames) return undefined;
    const bytes = sectionSource(file, names.section);
    const text = bytes.read(0, bytes.size).toString('latin1');
    const major = /\0lib(?:LLVM|clang|clang-cpp)(?:-|\.so\.)(\d+)/.exec(text)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    // A script, or a file that only root may read: then it is not known.
    return undefined;
  } finally {
    file?.close();
  }
}
