import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DirectoryNode } from '../../src/tree/node.ts';
import { nodeAt } from '../../src/tree/path.ts';
import { ContentReader } from '../../src/artifact/content-reader.ts';
import { openTree } from '../open-tree.ts';

/** bpf-headers/ of a kernel as compilers find it in a mount, and what it was made of. */
export interface MadeTree {
  readonly release: string;
  /** Directory of the headers. */
  readonly headers: string;
  /** BTF of the kernel, with that of its modules where it has some. */
  readonly btf: string;
  /** BTF of the kernel alone. */
  readonly kernelBtf: string;
  /** The text of its configuration. */
  readonly config: string;
}

/** Writes what is in a directory of a tree to a folder. */
export async function copyTree(
  directory: DirectoryNode,
  folder: string,
  reader: ContentReader,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const { name } of await directory.list()) {
    const node = await directory.lookup(name);
    if (node?.kind === 'directory') await copyTree(node, join(folder, name), reader);
    if (node?.kind === 'link') symlinkSync(node.target, join(folder, name));
    if (node?.kind !== 'file') continue;
    const content = await node.content();
    writeFileSync(join(folder, name), reader.read(content, 0, content.size));
  }
}

/**
 * Makes bpf-headers/ of the only kernel below a root directory, and writes it to a folder that is there.
 * @throws Error when the kernel has none
 */
export async function madeTree(sysroot: string, folder: string): Promise<MadeTree> {
  const tree = await openTree({ sysroot });
  const reader = new ContentReader();
  try {
    const [release = ''] = tree.catalogue.kernels.keys();
    const headers = await nodeAt(tree.root, `${release}/bpf-headers`);
    if (headers.kind !== 'directory') throw new Error(`bpf-headers is a ${headers.kind}`);
    await copyTree(headers, join(folder, 'headers'), reader);
    const flat = tree.catalogue.kernels.get(release)?.hasModules() === true ? 'btf-flat/all' : 'btf/vmlinux';
    const [btf, kernelBtf] = [join(folder, 'btf'), join(folder, 'btf-of-kernel')];
    writeFileSync(btf, await tree.read(`${release}/${flat}`));
    writeFileSync(kernelBtf, await tree.read(`${release}/btf/vmlinux`));
    const config = (await tree.read(`${release}/config`)).toString();
    return { release, headers: join(folder, 'headers'), btf, kernelBtf, config };
  } finally {
    reader.close();
    tree.close();
  }
}
