import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalogue } from '../src/artifact/catalogue.ts';
import type { Catalogue, SourceRequest } from '../src/artifact/catalogue.ts';
import { ContentReader } from '../src/artifact/content-reader.ts';
import { Workshop } from '../src/artifact/workshop.ts';
import type { Settled } from '../src/artifact/workshop.ts';
import { ReadTally } from '../src/bytes/descriptor-source.ts';
import { defaultLimits } from '../src/bytes/limits.ts';
import type { Limits } from '../src/bytes/limits.ts';
import { DiskStore } from '../src/store/disk-store.ts';
import type { DirectoryNode } from '../src/tree/node.ts';
import { nodeAt } from '../src/tree/path.ts';
import { rootDirectory } from '../src/tree/root-directory.ts';
import { statusOf } from '../src/tree/status.ts';

/** A directory for one test's files; gone with `remove`. */
export interface TemporaryFolder {
  readonly path: string;
  readonly remove: () => void;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The tree over some sources, without a mount. */
export interface OpenedTree {
  readonly catalogue: Catalogue;
  readonly workshop: Workshop;
  readonly root: DirectoryNode;
  /** Everything that has been asked for so far, in order. */
  readonly settled: readonly Settled[];
  /** The whole of the file at that path. */
  readonly read: (path: string) => Promise<Buffer>;
  /** Names in the directory at that path, in its order. */
  readonly names: (path: string) => Promise<string[]>;
  readonly close: () => void;
}

/**
 * Opens the tree of some sources.
 * @param store folder of the store; a new one, gone with `close`, unless given
 */
export async function openTree(
  sources: Partial<SourceRequest>,
  options: { readonly store?: string; readonly limits?: Partial<Limits> } = {},
): Promise<OpenedTree> {
  const ownStore = options.store === undefined ? temporaryFolder() : undefined;
  const store = new DiskStore(options.store ?? (ownStore as TemporaryFolder).path, () => undefined);
  const settled: Settled[] = [];
  const limits = { ...defaultLimits, ...options.limits };
  const workshop = new Workshop(store, limits, new ReadTally(), (each) => settled.push(each));
  const request: SourceRequest = {
    sysroot: undefined,
    images: [],
    modules: [],
    headers: [],
    btf: [],
    configs: [],
    release: undefined,
    ...sources,
  };
  const catalogue = await openCatalogue(request, workshop);
  const root = rootDirectory(catalogue, '/mnt', () =>
    JSON.stringify(statusOf(catalogue, workshop, '0', {}, [])),
  );
  const reader = new ContentReader();
  return {
    catalogue,
    workshop,
    root,
    settled,
    async read(path) {
      const node = await nodeAt(root, path);
      if (node.kind !== 'file') throw new Error(`${path} is a ${node.kind}`);
      const content = await node.content();
      return reader.read(content, 0, content.size);
    },
    async names(path) {
      const node = await nodeAt(root, path);
      if (node.kind !== 'directory') throw new Error(`${path} is a ${node.kind}`);
      return (await node.list()).map((entry) => entry.name);
    },
    close() {
      reader.close();
      store.close();
      ownStore?.remove();
    },
  };
}
