import { join } from 'node:path';
import type { Catalogue } from '../src/artifact/catalogue.ts';
import type { Mounted } from '../src/transport/transport.ts';
import { log } from './log.ts';
import { formatSize } from './format-size.ts';
import type { OptionValues } from './options.ts';
import { wholeNumber } from './whole-number.ts';

/** A header tree of one architecture is 27 MB. */
const usualMebibytes = 64;
const mebibyte = 1024 * 1024;

/** How many bytes of page cache prefetching may fill. @throws IkfsError `usage` */
export function prefetchLimit(values: OptionValues): number {
  const range = { least: 1, most: 65_536 };
  return wholeNumber('prefetch-limit', values['prefetch-limit'], usualMebibytes, range) * mebibyte;
}

/** Whether anything may be prefetched. */
export function wantsPrefetch(values: OptionValues): boolean {
  return values.prefetch !== false;
}

/**
 * Puts header trees into the kernel's caches, so that the first compilation finds them there: that of the
 * running kernel unless --prefetch asks for all, and none with --no-prefetch. It may be stopped at any time by
 * unmounting.
 */
export async function prefetch(
  mounted: Mounted,
  mountpoint: string,
  catalogue: Catalogue,
  values: OptionValues,
): Promise<void> {
  if (!wantsPrefetch(values)) return;
  const folders = [...catalogue.kernels.values()]
    .filter((kernel) => values.prefetch === true || kernel.release === catalogue.running)
    .filter((kernel) => kernel.evidence('build') === 'present')
    .map((kernel) => join(mountpoint, kernel.release, 'build'));
  if (folders.length === 0) return;
  const { files, bytes } = await mounted.warm(folders, prefetchLimit(values));
  if (files > 0) log('debug', `prefetched ${files} header files, ${formatSize(bytes)}`);
}
