import { pack } from 'tar-stream';
import { readFileSync } from 'node:fs';
import type { Kernel } from '../src/artifact/kernel.ts';
import { withContent, contentBytes } from '../src/artifact/content-source.ts';
import { encodeXz } from '../src/codec/xz-encoder.ts';
import { IkfsError } from '../src/errors.ts';
import { parseElf } from '../src/format/elf.ts';
import { parseOsRelease } from '../src/format/os-release.ts';
import type { Distribution } from '../src/format/os-release.ts';
import { SystemRoot } from '../src/source/system-root.ts';

/*
 * BTFHub's archive (github.com/aquasecurity/btfhub-archive): ID/VERSION_ID/MACHINE/RELEASE.btf.tar.xz, each with one file,
 * RELEASE.btf, of raw BTF. Tools that carry BTF for kernels without any are built from such folders: libbpf-tools
 * (ENABLE_MIN_CORE_BTFS), Inspektor Gadget, tracee.
 */

/** BTFHub's names of machine types, by ELF machine number (elf(5)); those that it does not have are uname(1)'s. */
const machineNames: ReadonlyMap<number, string> = new Map([
  [3, 'i686'],
  [8, 'mips'],
  [21, 'ppc64le'],
  [22, 's390x'],
  [40, 'arm'],
  [62, 'x86_64'],
  [183, 'arm64'],
  [243, 'riscv64'],
  [258, 'loongarch64'],
]);

/**
 * What a system calls itself.
 * @param root its root directory
 * @param given `ID/VERSION`, when it was said by hand
 * @throws IkfsError `usage` when neither tells
 */
export function distributionOf(root: string, given: string | undefined): Distribution {
  if (given !== undefined) {
    const [id = '', version = '', ...more] = given.split('/');
    const parsed = parseOsRelease(`ID=${id}\nVERSION_ID=${version}\n`);
    if (parsed && more.length === 0) return parsed;
    throw new IkfsError('usage', `--distribution takes ID/VERSION, such as debian/12, not ${given}`);
  }
  const system = new SystemRoot(root);
  // os-release(5): the first that is there counts.
  for (const name of ['/etc/os-release', '/usr/lib/os-release']) {
    const path = system.resolve(name);
    const found = path === undefined ? undefined : parseOsRelease(readFileSync(path, 'utf8'));
    if (found) return found;
  }
  throw new IkfsError('usage', 'has no os-release with ID and VERSION_ID', {
    path: root,
    advice: 'Name the system with --distribution ID/VERSION',
  });
}

/** A file of BTFHub's archive. */
export interface BtfhubFile {
  /** Relative to the archive. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Last modification of the BTF's source, in milliseconds since the epoch. */
  readonly modified: number;
}

/**
 * A kernel's BTF as BTFHub has it.
 * @returns undefined for a kernel without BTF
 * @throws IkfsError when it has BTF that can not be read, `unsupported` when its machine type is not known
 */
export async function btfhubFile(
  kernel: Kernel,
  { id, version }: Distribution,
): Promise<BtfhubFile | undefined> {
  const { release } = kernel;
  const btf = await kernel.artifact('btf/vmlinux');
  if (btf.state === 'failed') throw btf.error;
  if (btf.state === 'absent') return undefined;
  const { modified, source } = btf.provenance;
  const raw = await contentBytes(btf.content, source);
  const bytes = await encodeXz(await tarOf(`${release}.btf`, raw, modified));
  return { path: `${id}/${version}/${await machineOf(kernel)}/${release}.btf.tar.xz`, bytes, modified };
}

/** The machine type, out of the small ELF file that the kernel's BTF is served in. */
async function machineOf(kernel: Kernel): Promise<string> {
  const elf = await kernel.artifact('vmlinux');
  if (elf.state === 'failed') throw elf.error;
  const machine =
    elf.state === 'ready'
      ? await withContent(elf.content, kernel.release, (source) => parseElf(source).machine)
      : undefined;
  const name = machineNames.get(machine ?? -1);
  if (name === undefined)
    throw new IkfsError('unsupported', 'its machine type is not known to BTFHub', { path: kernel.release });
  return name;
}

async function tarOf(name: string, bytes: Buffer, modified: number): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name, mode: 0o644, uid: 0, gid: 0, mtime: new Date(modified) }, bytes);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
