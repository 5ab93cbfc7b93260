import { namesData } from './names-data.ts';

/** What one header declares itself, not by including others. Names only, sorted. */
export interface DeclaredNames {
  /**
   * Of structs, unions and enums with a body. One whose body is always empty is not among them: that is how headers hide
   * what a configuration lacks, and what it has is then private.
   */
  readonly tags: readonly string[];
  readonly typedefs: readonly string[];
  /** Enums without a tag, each by its first constant. */
  readonly enums: readonly string[];
}

/** The headers of a series of kernel releases, and what they declare, for all architectures. */
export interface HeaderNames {
  /** The series that it is taken from: `6.1`, or for one in between that is not known the two around it, `6.1+6.12`. */
  readonly series: string;
  /**
   * Every header, sorted, as it lies in the merged tree: `include/linux/sched.h`, `arch/x86/include/asm/ptrace.h`,
   * `arch/x86/include/generated/asm/rwonce.h`, whichever options need it.
   */
  paths(): Iterable<string>;
  has(path: string): boolean;
  /** Nothing for a header that is not there. */
  declares(path: string): DeclaredNames;
  /** The same for native code: what NamesData has of a header, behind the bits of the series that count. */
  entry(path: string): string;
}

/**
 * The headers of a kernel's series. Of one that is not known it is said what the known ones around it have together:
 * - A type of a series further away does no harm when the kernel's BTF lacks it, and a type that is missing breaks programs. Told
 *   from 5.10 and 6.12, 29 of the 5,296 public types of Debian's 6.1 are missing and 66 that are private count as public;
 *   by the nearer series alone 482 are missing, and 50 count as public.
 * - A path too many is a header with less in it, a missing one breaks whoever includes it: 11 and 509 of 5,542 are missing.
 *
 * What is newer than all that are known has the names of the newest, what is older than all those of the oldest.
 * @param series `6.1`, or a release that begins with it, such as `6.1.0-56-amd64`
 * @returns undefined when it does not begin with two numbers
 * @throws IkfsError when the names can not be read
 */
export function headerNames(series: string): HeaderNames | undefined {
  const place = ordinal(series);
  if (place === undefined) return undefined;
  const data = namesData();
  const known = data.series.map((name, bit) => ({ name, bit, place: ordinal(name) ?? 0 }));
  const older = known.findLast((one) => one.place <= place);
  const newer = known.find((one) => one.place >= place);
  const taken = [...new Set([older, newer])].filter((one) => one !== undefined);
  const bits = taken.reduce((sum, { bit }) => sum | (1 << bit), 0);
  return {
    series: taken.map(({ name }) => name).join('+'),
    paths: () => data.paths(bits),
    has: (path) => data.has(path, bits),
    declares: (path) => {
      const [tags, typedefs, enums] = data.names(path, bits);
      return { tags, typedefs, enums };
    },
    entry: (path) => `${bits.toString(36)} ${data.entry(path)}`,
  };
}

/** A number that grows from series to series. */
function ordinal(series: string): number | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)(?!\d)/.exec(series) ?? [];
  return major === undefined || minor === undefined ? undefined : Number(major) * 1000 + Number(minor);
}
