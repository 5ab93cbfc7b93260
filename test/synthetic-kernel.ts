import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildBtf } from './format/btf-builder.ts';
import { buildElf } from './format/elf-builder.ts';
import type { SectionSpec } from './format/elf-builder.ts';
import { temporaryFolder } from './open-tree.ts';

/** The banner of a kernel of that release. */
export function bannerOf(release: string): string {
  return `Linux version ${release} (someone@somewhere) (gcc (Test 1.2) 13.3.0, GNU ld 2.42) #1 SMP Mon Jan 1 00:00:00 UTC 2026\n`;
}

/** The first lines and a few options of a configuration. */
export function configOf(version: string, options: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(options).map(([name, value]) => `CONFIG_${name}=${value}\n`);
  return `#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 ${version} Kernel Configuration\n#\n${lines.join('')}`;
}

/** What a made-up vmlinux carries. */
export interface VmlinuxSpec {
  readonly release: string;
  readonly btf?: Buffer;
  /** Text of the embedded configuration. */
  readonly config?: string;
  /** The header archive, compressed. */
  readonly headers?: Buffer;
  /** Whether symbols tell where the archive is; without them it has to be searched. */
  readonly stripped?: boolean;
  readonly machine?: number;
  readonly order?: 'little' | 'big';
  readonly class?: 32 | 64;
}

/** A vmlinux that has all the places that ikfs reads. */
export function vmlinux(spec: VmlinuxSpec): Buffer {
  const headers = spec.headers ?? Buffer.alloc(0);
  const banner = Buffer.from(`\0${bannerOf(spec.release)}\0`);
  const config =
    spec.config === undefined
      ? []
      : [Buffer.from('IKCFG_ST'), gzipSync(spec.config), Buffer.from('IKCFG_ED')];
  // An odd offset, as real archives have it.
  const before = Buffer.concat([banner, ...config, Buffer.from('odd')]);
  const sections: SectionSpec[] = [
    { name: '.rodata', content: Buffer.concat([before, headers, Buffer.from('\0end')]) },
  ];
  if (spec.btf) sections.push({ name: '.BTF', content: spec.btf });
  const start = BigInt(before.length);
  const symbols = [
    { name: 'kernel_headers_data', value: start, section: '.rodata' },
    { name: 'kernel_headers_data_end', value: start + BigInt(headers.length), section: '.rodata' },
  ];
  return buildElf({
    sections,
    ...(headers.length > 0 && spec.stripped !== true ? { symbols } : {}),
    ...(spec.machine === undefined ? {} : { machine: spec.machine }),
    ...(spec.order === undefined ? {} : { order: spec.order }),
    ...(spec.class === undefined ? {} : { class: spec.class }),
  });
}

/** A module of that name for a kernel of that release; its BTF, if any, is not looked into. */
export function moduleFile(
  name: string,
  release: string,
  sections: readonly SectionSpec[] = [btfSection()],
): Buffer {
  const modinfo = Buffer.from(`license=GPL\0name=${name}\0vermagic=${release} SMP preempt mod_unload \0`);
  return buildElf({ sections: [{ name: '.modinfo', content: modinfo }, ...sections] });
}

/** A .BTF section with one type. */
export function btfSection(content: Buffer = buildBtf()): SectionSpec {
  return { name: '.BTF', content };
}

/** An archive of files as gen_kheaders.sh makes it, by tar and xz. */
export function headerArchive(files: Readonly<Record<string, string>>): Buffer {
  const folder = temporaryFolder();
  try {
    writeFiles(folder.path, files);
    const tar = execFileSync('tar', [
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--sort=name',
      '-C',
      folder.path,
      '-cf',
      '-',
      './',
    ]);
    return execFileSync('xz', ['-c'], { input: tar });
  } finally {
    folder.remove();
  }
}

/** The files of a small header tree for a release. */
export function headerFiles(release: string): Record<string, string> {
  return {
    'include/linux/kconfig.h': '#include <generated/autoconf.h>\n',
    'include/generated/autoconf.h':
      '#define CONFIG_X86 1\n#define CONFIG_BTRFS_FS_MODULE 1\n#define CONFIG_HZ 250\n',
    'include/generated/utsrelease.h': `#define UTS_RELEASE "${release}"\n`,
  };
}

/** Writes files below a folder, making directories. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
