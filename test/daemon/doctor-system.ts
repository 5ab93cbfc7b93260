import type { ExecutionContext } from 'ava';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { examine } from '../../daemon/doctor/examine.ts';
import type { Examination } from '../../daemon/doctor/examine.ts';
import type { Supply } from '../../daemon/doctor/supply.ts';
import type { HeaderKind } from '../../daemon/header-choice.ts';
import { System } from '../../daemon/doctor/system.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { buildElf } from '../format/elf-builder.ts';
import { bannerOf, configOf, writeFiles } from '../synthetic-kernel.ts';
import { folderOf } from './ikfs.ts';

/** The kernel that these systems run, unless they say otherwise. */
export const release = '6.6.9-test';

/** A system to build. */
export interface SystemSpec {
  readonly release?: string;
  /** Options of the kernel's configuration, without CONFIG_; undefined takes one away. */
  readonly options?: Readonly<Record<string, string | undefined>>;
  /** Files by path from the root; undefined takes one away. */
  readonly files?: Readonly<Record<string, string | Buffer | undefined>>;
  readonly links?: Readonly<Record<string, string>>;
  /** Empty directories. */
  readonly directories?: readonly string[];
  /** Versions of programs by name; each is made as a program. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly machine?: string;
  readonly supply?: Partial<Supply>;
  readonly mountpoint?: string;
  readonly wantedHeaders?: HeaderKind;
  readonly asked?: readonly string[];
  /** Does what a specification can not. */
  readonly arrange?: (root: string) => void;
}

/** Options of a kernel with which nothing is wrong. */
const soundOptions: NonNullable<SystemSpec['options']> = {
  CC_IS_GCC: 'y',
  GCC_VERSION: '130300',
  MODULES: 'y',
  IKCONFIG_PROC: 'y',
  DEBUG_INFO_BTF: 'y',
  DEBUG_INFO_BTF_MODULES: 'y',
};

/** Programs whose versions have nothing wrong with them. */
const soundPrograms = { bpftrace: '0.24.0', bpftool: '7.5.0', gcc: '13.3.0' };

/** What ikfs has of every kernel here unless told otherwise. */
const everything: Supply = {
  headers: { source: '/boot/vmlinuz' },
  bpfHeaders: { source: '/boot/vmlinuz' },
  config: { source: '/boot/vmlinuz' },
  btf: { source: '/boot/vmlinuz' },
  archive: { source: '/boot/vmlinuz', files: 5000, strayLinks: 0 },
  configText: undefined,
  compiler: undefined,
};

/** An ELF file that names libraries as a linked one does. */
function linkedWith(...libraries: readonly string[]): Buffer {
  return buildElf({ sections: [{ name: '.dynstr', content: Buffer.from(`\0${libraries.join('\0')}\0`) }] });
}

/** The library and the package of a bcc. */
export function bcc(version: string, clang = 18): Record<string, string | Buffer> {
  return {
    [`usr/lib/libbcc.so.${version}`]: linkedWith('libc.so.6', `libclang-cpp.so.${clang}`),
    'usr/lib/python3/dist-packages/bcc/__init__.py': '',
    'usr/lib/python3/dist-packages/bcc/version.py': `__version__ = '${version}'\n`,
  };
}

/** Headers of a release in a directory, by path. */
export function headersIn(
  folder: string,
  of = release,
  code = (6 << 16) | (6 << 8) | 9,
): Record<string, string> {
  return {
    [`${folder}/Makefile`]: '',
    [`${folder}/include/linux/kconfig.h`]: '#include <generated/autoconf.h>\n',
    [`${folder}/include/generated/autoconf.h`]: '#define CONFIG_X86 1\n',
    [`${folder}/include/generated/utsrelease.h`]: `#define UTS_RELEASE "${of}"\n`,
    [`${folder}/include/generated/uapi/linux/version.h`]: `#define LINUX_VERSION_CODE ${code}\n`,
  };
}

/** Where headers lie in a system. */
export const buildFolder = `lib/modules/${release}/build`;

/** Builds a system with which nothing is wrong, but for what the specification changes. */
export function buildSystem(t: ExecutionContext, spec: SystemSpec): string {
  const root = folderOf(t);
  const options = present({ ...soundOptions, ...spec.options });
  const programs = { ...soundPrograms, ...spec.programs };
  const files = present<string | Buffer>({
    'proc/version': bannerOf(spec.release ?? release),
    'proc/sys/kernel/osrelease': `${spec.release ?? release}\n`,
    'proc/config.gz': gzipSync(configOf((spec.release ?? release).replace(/-.*/, ''), options)),
    'sys/kernel/btf/vmlinux': buildBtf(),
    'etc/os-release': 'ID=testix\nVERSION_ID=1\n',
    ...bcc('0.37.0'),
    ...headersIn(buildFolder),
    ...Object.fromEntries(
      Object.keys(programs).map((name) => [`usr/bin/${name}`, linkedWith('libLLVM-18.so.1')]),
    ),
    ...spec.files,
  });
  writeFiles(root, files);
  for (const name of Object.keys(programs)) chmodSync(join(root, 'usr/bin', name), 0o755);
  for (const path of ['tmp', ...(spec.directories ?? [])]) mkdirSync(join(root, path), { recursive: true });
  for (const [path, target] of Object.entries(spec.links ?? {})) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  spec.arrange?.(root);
  return root;
}

/** What doctor sees of such a system. */
export async function examineSystem(t: ExecutionContext, spec: SystemSpec): Promise<Examination> {
  const root = buildSystem(t, spec);
  const programs: Record<string, string> = { ...soundPrograms, ...spec.programs };
  const system = new System({ root, environment: spec.environment ?? {}, machine: spec.machine ?? 'x64' });
  return await examine(system, {
    supply: { ...everything, ...spec.supply },
    tellVersion: (path) => Promise.resolve(programs[path.slice(path.lastIndexOf('/') + 1)]),
    mountpoint: spec.mountpoint,
    wantedHeaders: spec.wantedHeaders,
    ...(spec.asked ? { asked: spec.asked } : {}),
  });
}

function present<Value>(record: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}

/** Paths of a folder's files, to take them away. */
export function without(files: Readonly<Record<string, unknown>>): Record<string, undefined> {
  return Object.fromEntries(Object.keys(files).map((path) => [path, undefined]));
}
