/** Text that headers have beside their types: macros, constants and inline functions, written for this project. */
export interface Constants {
  /** The headers that have it, as they lie in a merged tree; `ARCH` in them stands for the machine's directory of arch/. */
  readonly headers: readonly string[];
  /** C, as it will stand in the header. `@count TAG.MEMBER@` is the number of elements of an array in the kernel's BTF. */
  readonly text: string;
  /** The first series that has it: `6.3`; all older ones when missing. */
  readonly from?: string;
  /** The first series that no longer has it. */
  readonly before?: string;
  /** Directories of arch/ that have it; all when missing. */
  readonly machines?: readonly string[];
  /**
   * What must be so of the kernel's types: words `tag:T`, `typedef:T`, `enumerator:N`, `member:T.M`, `array:T.M`,
   * `function:F`, with `!` for the contrary (native/btf/bpf_headers_facts.h).
   */
  readonly when?: string;
  /** Where the values and meanings are documented. */
  readonly source: string;
}

/** `#define` lines for names and what they stand for. */
export function defines(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `#define ${name} ${value}`)
    .join('\n');
}

/** Those of `defines`, each only where nothing has defined it yet: for names that several headers have. */
export function definesOnce(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `#ifndef ${name}\n#define ${name} ${value}\n#endif`)
    .join('\n');
}

/** Lines of C that only the first of several headers brings, by a macro of their own. */
export function once(mark: string, text: string): string {
  return `#ifndef __ikfs_${mark}\n#define __ikfs_${mark}\n${text}\n#endif`;
}
