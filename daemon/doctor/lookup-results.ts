import { join } from 'node:path';
import type { Severity } from './finding.ts';
import type { InstalledTool } from './installed-tools.ts';
import { describePlace, lookups } from './lookup-order.ts';
import type { Lookup, Need, Place } from './lookup-order.ts';
import { isBefore } from './system.ts';
import type { System } from './system.ts';
import type { KernelFacts } from './subject.ts';

/** What a tool meets at one of its places. */
export interface PlaceResult {
  /** As lookup-order.ts has it, with `R` for the release. */
  readonly place: string;
  /** `used` where it takes what is there; `unusable` where something is that it does not take. */
  readonly state: 'used' | 'found' | 'not there' | 'not set' | 'unusable' | 'not known';
  /** The real path, where there is one. */
  readonly path?: string;
}

/** What a tool finds when it looks for something. */
export interface LookupResult {
  readonly tool: string;
  readonly need: Need;
  /** In the tool's order. */
  readonly places: readonly PlaceResult[];
  /** The one that it takes. */
  readonly used: PlaceResult | undefined;
  /** Whether that is in a directory that others may write to. */
  readonly usesTemporary: boolean;
  /** How grave it is that nothing was found, if so. */
  readonly gravity: Severity;
  readonly source: string;
}

/** What tools find on a system. @param tools those asked about, whether installed or not */
export function lookUp(
  system: System,
  kernel: KernelFacts,
  tools: readonly Pick<InstalledTool, 'name' | 'version'>[],
): LookupResult[] {
  return tools.flatMap(({ name, version }) =>
    lookups.filter(({ tool }) => tool === name).map((lookup) => resultOf(system, kernel, lookup, version)),
  );
}

function resultOf(
  system: System,
  kernel: KernelFacts,
  lookup: Lookup,
  version: string | undefined,
): LookupResult {
  const { tool, need, gravity, gravityWithBtf, source } = lookup;
  const places = lookup.places
    // Of an unknown version the newest is supposed.
    .filter(({ until }) => until === undefined || isBefore(version, until))
    .filter(({ withoutBtf }) => withoutBtf === undefined || kernel.btf === undefined)
    .map((place) => lookAt(system, kernel, place));
  const first = places.findIndex(({ state }) => state === 'found');
  const results = places.map((place, at) => (at === first ? { ...place, state: 'used' as const } : place));
  return {
    tool,
    need,
    places: results,
    used: results[first],
    usesTemporary: results[first]?.place.startsWith('${') === true,
    gravity: kernel.btf === undefined ? gravity : (gravityWithBtf ?? gravity),
    source,
  };
}

function lookAt(system: System, kernel: KernelFacts, place: Place): PlaceResult {
  const shown = describePlace(place);
  if ('variable' in place) {
    const path = system.environment[place.variable];
    if (path === undefined || path === '') return { place: shown, state: 'not set' };
    return { place: shown, path, state: isThere(system, path) ? 'found' : 'unusable' };
  }
  if ('own' in place) return { place: shown, state: 'not known' };
  if ('archive' in place) {
    if (kernel.archive === undefined) return { place: shown, state: 'not there' };
    return { place: shown, path: kernel.archive.path, state: 'found' };
  }
  if ('temporary' in place) {
    const path = join(temporaryFolder(system), `kheaders-${system.release}`);
    // Nothing in it is looked at here: it may be somebody else's. See temporary-headers.ts.
    return { place: shown, path, state: system.lstat(path) === undefined ? 'not there' : 'found' };
  }
  const path = inRelease(system, place.path);
  if (/^\/(proc|sys)\//.test(path)) {
    return { place: shown, path, state: kernel.shown.has(path) ? 'found' : 'not there' };
  }
  const kind = system.kindOf(path);
  if (kind === 'missing') return { place: shown, path, state: 'not there' };
  const complete =
    kind === place.is &&
    (place.with === undefined || system.isFile(join(path, place.with))) &&
    (place.beside === undefined || system.isDirectory(inRelease(system, place.beside)));
  return { place: shown, path, state: complete ? 'found' : 'unusable' };
}

function isThere(system: System, path: string): boolean {
  return path.startsWith('/') && ['file', 'directory'].includes(system.kindOf(path));
}

/** A path of lookup-order.ts on a system. */
function inRelease({ release }: System, path: string): string {
  return path.replace(/(?<=[/-])R(?=[/.]|$)/g, () => release);
}

/** Where bcc and old bpftraces unpack headers, as seen from the tools. */
export function temporaryFolder({ environment }: System): string {
  const told = environment['TMPDIR'];
  return told?.startsWith('/') === true ? told : '/tmp';
}
