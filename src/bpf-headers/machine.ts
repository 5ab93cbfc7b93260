/** Options that are set on one architecture only (each arch/ARCH/Kconfig has its own), and its directory in arch/. */
const machines: readonly (readonly [option: string, machine: string])[] = [
  ['CONFIG_X86', 'x86'],
  ['CONFIG_ARM64', 'arm64'],
  ['CONFIG_ARM', 'arm'],
  ['CONFIG_S390', 's390'],
  ['CONFIG_RISCV', 'riscv'],
  ['CONFIG_PPC', 'powerpc'],
  ['CONFIG_LOONGARCH', 'loongarch'],
  ['CONFIG_MIPS', 'mips'],
];

/** The directory of a configuration's architecture in the kernel's arch/; undefined for one that is not known here. */
export function machineOf(config: string): string | undefined {
  return machines.find(([option]) => config.includes(`\n${option}=y`))?.[1];
}
