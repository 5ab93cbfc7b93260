import { IkfsError } from '../errors.ts';

/** What autoconf.h itself does not say. */
export interface AutoconfOrigin {
  /** UTS_RELEASE of the kernel. */
  readonly release: string;
  /** Directory of the architecture in the kernel's arch/ (`x86`); told from the options unless given. */
  readonly machine?: string | undefined;
}

/** Options that are set on one architecture only (each arch/ARCH/Kconfig has its own), and its directory. */
const architectures: Readonly<Record<string, string>> = {
  CONFIG_ARM: 'arm',
  CONFIG_ARM64: 'arm64',
  CONFIG_LOONGARCH: 'loongarch',
  CONFIG_MIPS: 'mips',
  CONFIG_PPC: 'powerpc',
  CONFIG_RISCV: 'riscv',
  CONFIG_S390: 's390',
  CONFIG_X86: 'x86',
};

/**
 * A .config made from include/generated/autoconf.h, which has each option that is set
 * (scripts/kconfig/confdata.c: print_symbol_for_c): 1 for y, 1 with `_MODULE` behind the name for m, others
 * verbatim. What cannot be told: options that are not set, and whether a 1 was `y` or an integer; the text
 * says so in a comment.
 *
 * Its first lines are those of a real one: bpftool (src/common.c: read_kernel_config) takes no file whose
 * second line differs.
 * @throws IkfsError `corrupt` when the text defines no option
 */
export function configFromAutoconf(text: string, { release, machine }: AutoconfOrigin): string {
  const options: string[] = [];
  let arch = machine;
  for (const [, name = '', value = ''] of text.matchAll(/^#define (CONFIG_\w+) (.*?)\r?$/gm)) {
    arch ??= Object.hasOwn(architectures, name) ? architectures[name] : undefined;
    if (value !== '1') options.push(`${name}=${value}`);
    else if (name.endsWith('_MODULE')) options.push(`${name.slice(0, -'_MODULE'.length)}=m`);
    else options.push(`${name}=y`);
  }
  if (options.length === 0) throw new IkfsError('corrupt', 'autoconf.h defines no CONFIG_ option');
  return `${[
    '#',
    '# Automatically generated file; DO NOT EDIT.',
    `# Linux/${arch ?? 'unknown'} ${release} Kernel Configuration`,
    '#',
    '# Derived by ikfs from include/generated/autoconf.h. Options that are not set are missing.',
    '# An integer option with the value 1 cannot be told from one that is y, and reads y.',
    '#',
    ...options,
  ].join('\n')}\n`;
}
