/** A processor architecture as ELF files name it and as the kernel's source tree does. */
export interface ElfMachine {
  /** e_machine. */
  readonly number: number;
  /** What messages call it. */
  readonly name: string;
  /** Directory of the architecture in the kernel's arch/, which is also what kbuild calls SRCARCH. */
  readonly arch: string;
  /** The only class that kernels of this machine have; undefined when there are both. */
  readonly class?: 32 | 64;
  /** The only byte order that kernels of this machine have; undefined when there are both. */
  readonly order?: 'little' | 'big';
}

/** Machines that Linux runs or ran on. Numbers: include/uapi/linux/elf-em.h. */
export const elfMachines: readonly ElfMachine[] = [
  { number: 2, name: 'sparc', arch: 'sparc', class: 32, order: 'big' },
  { number: 3, name: 'i386', arch: 'x86', class: 32, order: 'little' },
  { number: 4, name: 'm68k', arch: 'm68k', class: 32, order: 'big' },
  { number: 8, name: 'mips', arch: 'mips' },
  { number: 15, name: 'parisc', arch: 'parisc', order: 'big' },
  { number: 18, name: 'sparc v8+', arch: 'sparc', class: 32, order: 'big' },
  { number: 20, name: 'ppc', arch: 'powerpc', class: 32 },
  { number: 21, name: 'ppc64', arch: 'powerpc', class: 64 },
  { number: 22, name: 's390', arch: 's390', order: 'big' },
  { number: 40, name: 'arm', arch: 'arm', class: 32 },
  { number: 42, name: 'sh', arch: 'sh', class: 32 },
  { number: 43, name: 'sparc64', arch: 'sparc', class: 64, order: 'big' },
  { number: 50, name: 'ia64', arch: 'ia64', class: 64, order: 'little' },
  { number: 62, name: 'x86-64', arch: 'x86', order: 'little' },
  { number: 92, name: 'openrisc', arch: 'openrisc', class: 32, order: 'big' },
  { number: 93, name: 'arc', arch: 'arc', class: 32 },
  { number: 94, name: 'xtensa', arch: 'xtensa', class: 32 },
  { number: 113, name: 'nios2', arch: 'nios2', class: 32, order: 'little' },
  { number: 164, name: 'hexagon', arch: 'hexagon', class: 32, order: 'little' },
  { number: 183, name: 'arm64', arch: 'arm64', class: 64 },
  { number: 189, name: 'microblaze', arch: 'microblaze', class: 32 },
  { number: 195, name: 'arc v2', arch: 'arc', class: 32 },
  { number: 243, name: 'riscv', arch: 'riscv', order: 'little' },
  { number: 252, name: 'csky', arch: 'csky', class: 32, order: 'little' },
  { number: 258, name: 'loongarch', arch: 'loongarch', order: 'little' },
  { number: 0x9026, name: 'alpha', arch: 'alpha', class: 64, order: 'little' },
];

const byNumber: ReadonlyMap<number, ElfMachine> = new Map(
  elfMachines.map((machine) => [machine.number, machine]),
);

/** The machine with this e_machine, or undefined for one that is not in the table. */
export function elfMachine(number: number): ElfMachine | undefined {
  return byNumber.get(number);
}

/** What messages call the machine with this e_machine. */
export function elfMachineName(number: number): string {
  return byNumber.get(number)?.name ?? `machine ${number}`;
}
