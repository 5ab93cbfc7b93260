import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { defaultLimits } from '../bytes/limits.ts';
import { occurrences } from '../bytes/scan.ts';
import { IkfsError } from '../errors.ts';

/* Markers around the embedded configuration: kernel/configs.c. */
export const configStart = Buffer.from('IKCFG_ST', 'latin1');
const endMarker = Buffer.from('IKCFG_ED', 'latin1');

/** RFC 1952: ID1, ID2 and the only compression method, deflate. */
const gzipMagic = Buffer.from([0x1f, 0x8b, 0x08]);

/**
 * The gzip bytes between IKCFG_ST and IKCFG_ED: byte for byte what /proc/config.gz is. Start markers that
 * no gzip stream follows (in programs that look for them) are passed over.
 * @param markers where `configStart` stands, unless that is still to be looked for
 * @returns undefined when there is no configuration
 * @throws IkfsError `truncated` when one begins and does not end
 */
export function findIkconfig(
  source: ByteSource,
  markers: Iterable<number> = occurrences(source, configStart),
): ByteRange | undefined {
  for (const marker of markers) {
    const offset = marker + configStart.length;
    if (offset + gzipMagic.length > source.size) continue;
    if (!source.read(offset, gzipMagic.length).equals(gzipMagic)) continue;
    const last = Math.min(source.size, offset + defaultLimits.configBytes);
    const end = occurrences(source, endMarker, offset, last).next();
    if (end.done !== true) return { offset, size: end.value - offset };
    throw new IkfsError('truncated', 'the configuration (IKCFG_ST) has no end (IKCFG_ED)', {
      path: source.name,
      offset: marker,
    });
  }
  return undefined;
}
