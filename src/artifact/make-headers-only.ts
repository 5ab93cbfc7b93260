import { endingMakefile } from '../format/makefile.ts';
import { memoryContent } from './content.ts';
import type { HeaderTree } from './header-tree.ts';
import { missingKbuild } from './kbuild.ts';
import type { Outcome } from './outcome.ts';

/*
 * What answers `make -C build` where an archive has no kbuild. What those that build modules test before they run make: DKMS 3.0
 * for build/include, Falco's driver for nothing; so both get as far as make, and show what make says. systemtap 4.8 tests for
 * .config, kernel.release and Module.symvers, and, before it compiles, for Makefile, and names the one that is missing: a file of
 * that name would take its own good answer away, as it would lead astray whoever looks through several places for a
 * kernel's tree. GNU make reads GNUmakefile before Makefile (make(1)), no other make builds kernels, and nobody tests for a
 * kernel by that name: so that is the name, and all it does is to end make with the reason. Beside a whole kbuild it is never there.
 */
export const headersOnly = { path: 'GNUmakefile', artifact: 'headers-only.mk' } as const;

/** Whether a tree has the link to headers-only.mk. */
export function hasHeadersOnly(tree: HeaderTree): boolean {
  const node = tree.find(headersOnly.path);
  return node?.kind === 'link' && node.target === `../${headersOnly.artifact}`;
}

/**
 * `headers-only.mk`: a makefile that says in one line what is missing and what to do, and ends make.
 * @param archive what came of unpacking the header archive
 * @param headerTree gives what it unpacks to
 */
export async function makeHeadersOnly(
  release: string,
  archive: Outcome,
  headerTree: () => Promise<HeaderTree | undefined>,
): Promise<Outcome> {
  if (archive.state !== 'ready') return archive;
  const tree = await headerTree();
  if (!tree || !hasHeadersOnly(tree)) return { state: 'absent', attempts: [] };
  const lacks = missingKbuild({ has: (path) => tree.find(path) !== undefined });
  const { message, advice } = headersOnlyAnswer(release, lacks);
  const text = endingMakefile(
    'Made by ikfs, as the header archive of this kernel does not carry kbuild.',
    `${message}. ${advice}`,
  );
  const provenance = { ...archive.provenance, derived: true };
  return { ...archive, content: memoryContent(text), provenance };
}

/**
 * Why no module can be built with headers alone, and what would help.
 * @param lacks as missingKbuild tells
 */
export function headersOnlyAnswer(
  release: string,
  lacks: readonly string[],
): { readonly message: string; readonly advice: string } {
  return {
    message: `headers only: the header archive of ${release} has no ${lacks.join(' and no ')}, so no module can be built with it`,
    advice: `Install linux-headers-${release} or kernel-devel-${release}, or give ikfs an archive of what they install (--headers FILE); programs for BPF need no more than this`,
  };
}
