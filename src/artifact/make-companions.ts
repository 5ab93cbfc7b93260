import { asIkfsError } from '../errors.ts';
import { autoConf } from '../format/auto-conf.ts';
import { configuredVersion } from '../format/kernel-config.ts';
import { memoryContent } from './content.ts';
import { contentBytes } from './content-source.ts';
import { missingKbuild, resolveBtfids } from './kbuild.ts';
import type { ArchiveFiles } from './kbuild.ts';
import { headersOnly } from './make-headers-only.ts';
import type { Outcome } from './outcome.ts';

/*
 * What a kernel's build leaves beside the headers and its header archive does not carry. The archive has header files only
 * (kernel/gen_kheaders.sh), yet systemtap and makefiles of modules ask for these.
 */

/** Where build/ has a link to an artifact beside it, unless the archive has a file there. */
export interface Companion {
  /** Path below build/. */
  readonly path: string;
  /** The link's target, relative to where the link is. */
  readonly target: string;
  /** Which archives it goes with; all of them unless given. */
  readonly goesWith?: (archive: ArchiveFiles) => boolean;
}

/** Links, as what they lead to is made when somebody reads it and not when the headers are. */
export const companions: readonly Companion[] = [
  { path: '.config', target: '../config' },
  { path: 'Module.symvers', target: '../Module.symvers' },
  // kbuild takes its presence for a reason to run resolve_btfids: without that program no module would be built.
  {
    path: 'vmlinux',
    target: '../vmlinux',
    goesWith: (archive) => missingKbuild(archive).length > 0 || archive.has(resolveBtfids),
  },
  { path: 'include/config/auto.conf', target: '../../../auto.conf' },
  { path: 'include/config/kernel.release', target: '../../../kernel.release' },
  {
    path: headersOnly.path,
    target: `../${headersOnly.artifact}`,
    goesWith: (archive) => missingKbuild(archive).length > 0,
  },
];

/** `auto.conf`: the configuration as makefiles read it. */
export async function makeAutoConf(config: Outcome): Promise<Outcome> {
  if (config.state !== 'ready') return config;
  const { content, provenance } = config;
  try {
    const text = (await contentBytes(content, provenance.source)).toString();
    return {
      ...config,
      content: memoryContent(autoConf(text, configuredVersion(text))),
      provenance: { ...provenance, derived: true },
    };
  } catch (thrown) {
    const error = asIkfsError(thrown, { path: provenance.source, step: 'auto.conf' });
    return { state: 'failed', error, attempts: [] };
  }
}

/**
 * `kernel.release`: the release on a line, as a kernel's build writes it (Makefile: filechk_kernel.release).
 * @param headers the archive, without which there is no build/ to have it in
 */
export function makeKernelRelease(release: string, headers: Outcome): Outcome {
  if (headers.state !== 'ready') return headers;
  const provenance = { ...headers.provenance, derived: true };
  return { ...headers, content: memoryContent(`${release}\n`), provenance };
}
