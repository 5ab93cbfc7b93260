import { btfElf } from '../format/btf-elf.ts';
import type { ElfTarget } from '../format/btf-elf.ts';
import { buildIdNote } from '../format/elf-build-id.ts';
import { asIkfsError } from '../errors.ts';
import { blobKey } from './blob-store.ts';
import { contentIdentity } from './content-identity.ts';
import { withContent } from './content-source.ts';
import type { KernelContext } from './kernel-context.ts';
import type { Outcome } from './outcome.ts';

const vmlinuxVersion = 3;

/** Bytes copied at a time. */
const chunkSize = 1024 * 1024;

/** `vmlinux`: a small ELF file of the kernel's machine type that carries its BTF. */
export async function makeVmlinux(kernel: KernelContext, btf: Outcome): Promise<Outcome> {
  if (btf.state !== 'ready') return btf;
  const { content, provenance } = btf;
  try {
    const target = await machineOf(kernel);
    if (!target) {
      return { state: 'absent', attempts: [{ source: provenance.source, reason: 'tells no machine type' }] };
    }
    const id = await buildIdFor(kernel, provenance.source);
    const note = id === undefined ? undefined : buildIdNote(Buffer.from(id, 'hex'), target.order);
    const { head, tail } = btfElf(content.size, target, note);
    const size = head.length + content.size + tail.length;
    const inputs = [contentIdentity(content, provenance)];
    const kind = `vmlinux elf ${kernel.release} ${target.machine} ${id ?? ''}`;
    const key = blobKey(kind, vmlinuxVersion, inputs);
    const { store, reads, made } = kernel.workshop;
    const kept = store.find(key);
    if (kept) return { ...btf, content: kept };
    const elf = await store.make(key, size, (sink) =>
      withContent(
        content,
        provenance.source,
        (source) => {
          sink.write(head);
          for (let done = 0; done < source.size; done += chunkSize) {
            sink.write(source.read(done, Math.min(chunkSize, source.size - done)));
          }
          sink.write(tail);
        },
        reads,
      ),
    );
    made.artifacts += 1;
    return { ...btf, content: elf, provenance: { ...provenance, derived: true } };
  } catch (thrown) {
    return {
      state: 'failed',
      error: asIkfsError(thrown, { path: provenance.source, step: 'vmlinux' }),
      attempts: [],
    };
  }
}

/** The build id of the image that the BTF was found in: of BTF from elsewhere nobody knows which build it is of. */
async function buildIdFor(kernel: KernelContext, source: string): Promise<string | undefined> {
  const image = kernel.images.find(({ path }) => path === source);
  return (await image?.record())?.buildId;
}

/** The machine type of an image of this kernel; of the running kernel, that of this process. */
async function machineOf(kernel: KernelContext): Promise<ElfTarget | undefined> {
  for (const image of kernel.images) {
    const { machine } = await image.record();
    if (machine) return machine;
  }
  return kernel.sources.live ? runningMachines[process.arch] : undefined;
}

/** Targets of the kernels that Node runs on, by its names of them. A 32-bit Node may run on a 64-bit kernel. */
const runningMachines: Readonly<Partial<Record<NodeJS.Architecture, ElfTarget>>> = {
  x64: { class: 64, order: 'little', machine: 62 },
  arm64: { class: 64, order: 'little', machine: 183 },
  s390x: { class: 64, order: 'big', machine: 22 },
  ppc64: { class: 64, order: 'little', machine: 21 },
  riscv64: { class: 64, order: 'little', machine: 243 },
  loong64: { class: 64, order: 'little', machine: 258 },
};
