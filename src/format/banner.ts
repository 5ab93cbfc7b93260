import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { occurrences } from '../bytes/scan.ts';

/** The parts of linux_banner (init/version.c), which is also what /proc/version says. */
export interface Banner {
  /** UTS_RELEASE. */
  readonly release: string;
  /** user@host of the build. */
  readonly builder: string;
  /** Compiler and, in newer kernels, linker. */
  readonly compiler: string;
  /** UTS_VERSION: `#1 SMP PREEMPT_DYNAMIC ...`. */
  readonly version: string;
  /** The whole line without its newline. */
  readonly text: string;
}

/** What every banner begins with. */
export const bannerStart = Buffer.from('Linux version ', 'latin1');

/**
 * The longest banner looked for; real ones, which name compiler and linker at length, have up to 300 bytes.
 */
const maximumLength = 1024;

/**
 * Takes a banner apart: `Linux version RELEASE (BUILDER) (COMPILER) VERSION`.
 * @returns undefined when the line has not that form
 */
export function parseBanner(line: string): Banner | undefined {
  const text = line.trimEnd();
  // The release is a directory's name under /lib/modules, so there is no slash in it. The version begins
  // with a number, unlike the format strings "Linux version %s".
  const release = /^Linux version (\d+\.\d[^\s/]*) (?=\()/.exec(text);
  if (!release) return undefined;
  const builder = parenthesised(text, release[0].length);
  if (!builder || !text.startsWith(' (', builder.end)) return undefined;
  const compiler = parenthesised(text, builder.end + 1);
  if (!compiler) return undefined;
  return {
    release: release[1] ?? '',
    builder: builder.inside,
    compiler: compiler.inside,
    version: text.slice(compiler.end).trimStart(),
    text,
  };
}

/**
 * The banner of the kernel in an image. Since Linux 6.1 there are two:
 * init/version.c has a weak one for the first link, in whose version the build number is still missing, and
 * init/version-timestamp.c the real one, which is preferred wherever it is.
 * @param starts where `bannerStart` stands, unless that is still to be looked for
 * @returns where it is (without newline and NUL) and its parts; undefined when there is none
 */
export function findBanner(
  source: ByteSource,
  starts: Iterable<number> = occurrences(source, bannerStart),
): (ByteRange & { readonly banner: Banner }) | undefined {
  let unnumbered: (ByteRange & { readonly banner: Banner }) | undefined;
  for (const offset of starts) {
    const bytes = source.read(offset, Math.min(maximumLength, source.size - offset));
    // Newline, or NUL, or any other control character: a banner has none inside.
    const size = bytes.findIndex((byte) => byte < 0x20);
    if (size === -1) continue;
    const banner = parseBanner(bytes.toString('utf8', 0, size));
    if (!banner) continue;
    if (!banner.version.startsWith('# ')) return { offset, size, banner };
    unnumbered ??= { offset, size, banner };
  }
  return unnumbered;
}

/** What stands between the parenthesis at `at` and the one that closes it. */
function parenthesised(text: string, at: number): { inside: string; end: number } | undefined {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (depth === 0) return { inside: text.slice(at + 1, index), end: index + 1 };
  }
  return undefined;
}
