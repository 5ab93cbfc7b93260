import type { FileSink } from '../bytes/byte-sink.ts';
import { Btf } from '../btf/engine.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { blobKey } from './blob-store.ts';
import { contentIdentity } from './content-identity.ts';
import { withContent } from './content-source.ts';
import type { KernelTypes } from './kernel-types.ts';
import type { Outcome, ReadyOutcome } from './outcome.ts';
import type { Workshop } from './workshop.ts';

const flatVersion = 1;
const headerVersion = 1;

/** A kernel's types as one BTF or C file are some 10 MB; all modules' merged some 100. */
const largestMade = 1024 * 1024 * 1024;

/** What types are made from: the kernel's BTF as an artifact, and the same once it has been read. */
export interface TypeSources {
  readonly workshop: Workshop;
  /** Asks for `btf/vmlinux`. */
  readonly kernelBtf: () => Promise<Outcome>;
  readonly kernelTypes: KernelTypes;
}

/** `types/vmlinux.h`: the kernel's types as C. */
export async function makeKernelHeader(sources: TypeSources): Promise<Outcome> {
  const btf = await sources.kernelBtf();
  if (btf.state !== 'ready') return btf;
  return await keep(sources.workshop, 'types header', headerVersion, [btf], btf, async (sink) => {
    const types = await neededTypes(sources);
    await types.writeHeader('all', sink);
  });
}

/** `types/<module>.h`: C of what a module's types add to the kernel's. @param btf what came of `btf/<module>` */
export function makeModuleHeader(sources: TypeSources, btf: Outcome): Promise<Outcome> {
  return fromModule(sources, btf, 'module types header', headerVersion, (split, sink) =>
    split.writeHeader('own', sink),
  );
}

/** `btf-flat/<module>`: BTF that has all that a module's types reach. @param btf what came of `btf/<module>` */
export function makeFlatBtf(sources: TypeSources, btf: Outcome): Promise<Outcome> {
  return fromModule(sources, btf, 'flat btf', flatVersion, (split, sink) => split.flatten(sink));
}

/**
 * `btf-flat/all`: one BTF of the kernel and all its modules that have some.
 * @param modules asks for `btf/<module>` of each
 */
export async function makeMergedBtf(
  sources: TypeSources,
  modules: () => Promise<readonly Outcome[]>,
): Promise<Outcome> {
  const btf = await sources.kernelBtf();
  if (btf.state !== 'ready') return btf;
  const ready = (await modules()).filter((outcome): outcome is ReadyOutcome => outcome.state === 'ready');
  return await keep(sources.workshop, 'merged btf', flatVersion, [btf, ...ready], btf, async (sink) => {
    const types = await neededTypes(sources);
    const splits: Btf[] = [];
    for (const { content, provenance } of ready) {
      splits.push(await withContent(content, provenance.source, (source) => openChecked(source, types)));
    }
    await types.merge(splits, sink);
  });
}

async function fromModule(
  sources: TypeSources,
  btf: Outcome,
  kind: string,
  version: number,
  write: (split: Btf, sink: FileSink) => Promise<void>,
): Promise<Outcome> {
  if (btf.state !== 'ready') return btf;
  const kernel = await sources.kernelBtf();
  if (kernel.state !== 'ready') return kernel;
  return await keep(sources.workshop, kind, version, [kernel, btf], btf, async (sink) => {
    const types = await neededTypes(sources);
    await withContent(btf.content, btf.provenance.source, async (source) => {
      await write(await openChecked(source, types), sink);
    });
  });
}

/** Types of a module, of which is known that a kernel would take them. @throws IkfsError `mismatch` */
async function openChecked(source: Parameters<typeof Btf.open>[0], base: Btf): Promise<Btf> {
  try {
    const split = await Btf.open(source, base);
    await split.validate();
    return split;
  } catch (thrown) {
    const error = asIkfsError(thrown, { path: source.name });
    if (error.code !== 'corrupt') throw error;
    throw new IkfsError('mismatch', `does not go with this kernel's BTF: ${error.message}`, {
      path: error.path,
      steps: error.steps,
      offset: error.offset,
      cause: error,
    });
  }
}

async function neededTypes({ kernelTypes }: TypeSources): Promise<Btf> {
  const opened = await kernelTypes.get();
  if (!opened) throw new IkfsError('not-found', 'the kernel has no BTF any more');
  return opened.types;
}

/** The blob made from these inputs, from the store if it has it. */
async function keep(
  { store, made }: Workshop,
  kind: string,
  version: number,
  inputs: readonly ReadyOutcome[],
  origin: ReadyOutcome,
  fill: (sink: FileSink) => Promise<void>,
): Promise<Outcome> {
  const { provenance } = origin;
  try {
    const identities = inputs.map((input) => contentIdentity(input.content, input.provenance));
    const key = blobKey(kind, version, identities);
    let content = store.find(key);
    if (!content) {
      content = await store.make(key, largestMade, fill);
      made.artifacts += 1;
    }
    return { state: 'ready', content, provenance: { ...provenance, derived: true }, attempts: [] };
  } catch (thrown) {
    return { state: 'failed', error: asIkfsError(thrown, { path: provenance.source }), attempts: [] };
  }
}
