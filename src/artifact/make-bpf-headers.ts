import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { headerIncludes } from '../bpf-headers/includes.ts';
import { machineOf } from '../bpf-headers/machine.ts';
import { headerNames } from '../bpf-headers/names.ts';
import { planHeaders } from '../bpf-headers/plan.ts';
import { versionOf } from '../bpf-headers/release.ts';
import { Btf } from '../btf/engine.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import type { ArchiveEntry } from '../format/archive-index.ts';
import { configuredVersion } from '../format/kernel-config.ts';
import { blobKey } from './blob-store.ts';
import { contentIdentity } from './content-identity.ts';
import { contentBytes, withContent } from './content-source.ts';
import { memoryContent } from './content.ts';
import { headerTreeIndex } from './header-tree-index.ts';
import { HeaderTree } from './header-tree.ts';
import type { KernelContext } from './kernel-context.ts';
import type { Outcome } from './outcome.ts';

/** Raised whenever other bytes would be made of the same types. */
const version = 1;

/** Of a kernel with all its modules they are some 4 MB. */
const largestTree = 64 * 1024 * 1024;

/** Links to what the kernel itself tells. */
const companions = [
  { path: '.config', target: '../config' },
  { path: 'include/config/auto.conf', target: '../../../auto.conf' },
];

/**
 * `bpf-headers/`: headers for BPF programs, made from types and configuration. They are kept in the store packed, a
 * fifth of their length, and in memory while they are used.
 * @param types BTF of the kernel, with that of its modules
 * @returns undefined when the kernel has no BTF, or no configuration
 * @throws IkfsError `unsupported` for a release or an architecture that is not known, and what reading BTF throws
 */
export async function makeBpfHeaders(
  kernel: KernelContext,
  types: Outcome,
  config: Outcome,
): Promise<HeaderTree | undefined> {
  for (const needed of [types, config]) {
    if (needed.state === 'failed') throw needed.error;
    if (needed.state === 'absent') return undefined;
  }
  if (types.state !== 'ready' || config.state !== 'ready') return undefined;
  const { store, made, reads } = kernel.workshop;
  const { content, provenance } = types;
  const text = (await contentBytes(config.content, config.provenance.source)).toString();
  const inputs = [contentIdentity(content, provenance), contentIdentity(config.content, config.provenance)];
  const textKey = blobKey(`bpf headers ${kernel.release}`, version, inputs);
  const indexKey = blobKey(`bpf headers index ${kernel.release}`, version, inputs);
  const derived = { ...provenance, derived: true };
  const kept = { text: store.read(textKey), index: store.read(indexKey) };
  if (kept.text && kept.index)
    return new HeaderTree(inflateRawSync(kept.index), memoryContent(inflateRawSync(kept.text)), derived);
  const plan = planOf(kernel.release, text);
  const { bytes, paths, sizes } = await withContent(
    content,
    provenance.source,
    async (source) => await (await Btf.open(source)).bpfHeaders(plan, largestTree),
    reads,
  );
  const index = headerTreeIndex(entriesOf(paths, sizes), companions);
  const keep = async (key: typeof textKey, whole: Uint8Array): Promise<void> => {
    const packed = pack(whole);
    await store.make(key, packed.length, (sink) => {
      sink.write(packed);
    });
  };
  await keep(textKey, bytes);
  await keep(indexKey, index);
  made.artifacts += 1;
  return new HeaderTree(index, memoryContent(bytes), derived);
}

/**
 * The outcome of the headers, which is that of the types but for what went wrong later.
 * @param types what they are made from
 */
export async function bpfHeadersOutcome(
  types: Outcome,
  headers: () => Promise<HeaderTree | undefined>,
): Promise<Outcome> {
  if (types.state !== 'ready') return types;
  const { provenance } = types;
  const { source } = provenance;
  try {
    const tree = await headers();
    if (!tree) return { state: 'absent', attempts: [{ source, reason: 'there is no configuration' }] };
    const steps = [...provenance.steps, { name: 'made from BTF for BPF programs', size: tree.tar.size }];
    return { ...types, content: tree.tar, provenance: { ...provenance, steps, derived: true } };
  } catch (thrown) {
    return { state: 'failed', error: asIkfsError(thrown, { path: source }), attempts: [] };
  }
}

function planOf(release: string, config: string): string {
  const names = headerNames(release);
  const machine = machineOf(config);
  const version = versionOf(configuredVersion(config) ?? release) ?? versionOf(release);
  if (!names || !version || machine === undefined) {
    const what =
      names && version
        ? 'its configuration names no architecture that is known'
        : 'its release has no version';
    throw new IkfsError('unsupported', `no headers can be made for ${release}: ${what}`);
  }
  const included = headerIncludes(release);
  const planned = { ...names, includes: (path: string) => included.includes(path) };
  return planHeaders(planned, { release, version, config, machine });
}

/** Fast rather than as small as can be. */
function pack(bytes: Uint8Array): Buffer {
  return deflateRawSync(bytes, { level: 1 });
}

/** Files that lie one behind the other. */
function entriesOf(paths: readonly string[], sizes: readonly number[]): ArchiveEntry[] {
  let offset = 0;
  return paths.map((path, at) => {
    const size = sizes[at] ?? 0;
    offset += size;
    return { kind: 'file', path, mode: 0o644, size, offset: offset - size, target: '' };
  });
}
