import { brotliCompressSync, constants } from 'node:zlib';

/** A series with all its headers. */
export interface SeriesNames {
  readonly series: string;
  /** What it was made from. */
  readonly origin: string;
  /** By path: tags, typedefs, and enums without a tag. */
  readonly headers: ReadonlyMap<string, readonly Iterable<string>[]>;
}

/** Which series have what, as bits. */
type Presence = Map<string, number>;

function mark(presence: Presence, name: string, bit: number): void {
  presence.set(name, (presence.get(name) ?? 0) | (1 << bit));
}

const sorted = (presence: Presence): string[] => [...presence.keys()].sort();

/** Names with those first that are wherever the header is. */
function listText(presence: Presence, everywhere: number): string {
  const groups = new Map<number, string[]>([[everywhere, []]]);
  for (const name of sorted(presence)) {
    const bits = presence.get(name) ?? 0;
    groups.set(bits, [...(groups.get(bits) ?? []), name]);
  }
  const [usual = [], ...others] = groups.values();
  const marks = [...groups.keys()].slice(1);
  return [
    ...usual,
    ...others.flatMap((names, place) => [`=${(marks[place] ?? 0).toString(36)}`, ...names]),
  ].join(' ');
}

/** The text of the names of all series; src/bpf-headers/names-data.ts says what it is like. */
export function namesText(all: readonly SeriesNames[]): string {
  const paths: Presence = new Map();
  const lists = new Map<string, Presence[]>();
  all.forEach(({ headers }, bit) => {
    for (const [path, kinds] of headers) {
      mark(paths, path, bit);
      const presences = lists.get(path) ?? kinds.map(() => new Map<string, number>());
      lists.set(path, presences);
      kinds.forEach((names, kind) => {
        for (const name of names) mark(presences[kind] ?? new Map<string, number>(), name, bit);
      });
    }
  });
  let before = '';
  const lines = sorted(paths).map((path) => {
    let shared = 0;
    while (shared < path.length && path[shared] === before[shared]) shared += 1;
    before = path;
    const everywhere = paths.get(path) ?? 0;
    const texts = (lists.get(path) ?? []).map((presence) => listText(presence, everywhere));
    return [shared.toString(36), path.slice(shared), everywhere.toString(36), ...texts].join('\t').trimEnd();
  });
  const series = all.map((one) => one.series).join(' ');
  const origins = all.map((one) => one.origin).join('\t');
  return `${[series, origins, ...lines].join('\n')}\n`;
}

/** The text as the file has it. */
export function packedNames(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'latin1');
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}
