import { constants } from 'node:fs';
import type { ContentReader } from '../artifact/content-reader.ts';
import type { DirectoryEntry, DirectoryNode, FileNode, Node } from '../tree/node.ts';
import { Refusal } from './errno.ts';
import { FailureReport } from './failure-report.ts';
import { Snapshots } from './snapshots.ts';
import type { RequestCounts, Served } from './transport.ts';

/** What stat(2) tells; owner and group are always root. */
export interface Attributes {
  readonly inode: number;
  /** File type and permission bits. */
  readonly mode: number;
  readonly links: number;
  /** In bytes, exact for files and links; 0 for directories, as in /proc and /sys. */
  readonly size: number;
  /** In units of 512 bytes, whatever their number on the disk. */
  readonly blocks: number;
  /** Milliseconds since the epoch; stands for all three times. */
  readonly modified: number;
  /** True when the answer will change by itself, so that the kernel must ask again soon. */
  readonly volatile: boolean;
}

const typeBits: Readonly<Record<Node['kind'], number>> = {
  directory: constants.S_IFDIR,
  file: constants.S_IFREG,
  link: constants.S_IFLNK,
};

/** The st_mode type bits of what a directory entry names. */
export function typeBitsOf(entry: DirectoryEntry): number {
  return typeBits[entry.kind];
}

/**
 * Answers the requests of a file system that names things by path, from a tree and without a mount. Paths are
 * absolute and normalised, as libfuse gives them. Every method throws an IkfsError that errnoOf understands.
 *
 * Making an artifact once for all who wait for it is the tree's part: requests run side by side here.
 */
export class TreeHandlers {
  #root: DirectoryNode;
  readonly #reader: ContentReader;
  readonly #failures: FailureReport;
  readonly #snapshots: Snapshots;
  /** Directories found so far, by path: every request passes through some of them. Files are not kept. */
  readonly #directories = new Map<string, DirectoryNode>();
  /** Counts calls of forget: what was being looked up during one is not kept. */
  #forgotten = 0;
  readonly #counts: Record<string, number> = {};

  /** @param onError gets each distinct failure once; a refusal is none */
  constructor(served: Served, onError: (error: unknown) => void = () => undefined) {
    this.#root = served.root;
    this.#reader = served.reader;
    this.#failures = new FailureReport(onError);
    this.#snapshots = new Snapshots(served.reader);
  }

  /** Answers from another state of the tree from now on. */
  replaceRoot(root: DirectoryNode): void {
    this.#root = root;
    this.forget();
  }

  /** Requests so far. GETATTR has LOOKUP in it: a path-based interface asks the same for both. */
  requests(): RequestCounts {
    return { ...this.#counts };
  }

  attributes(path: string): Promise<Attributes> {
    return this.#answer('GETATTR', path, async () => {
      const node = await this.#node(path);
      const { size, modified } = await this.#measure(path, node);
      return {
        inode: node.inode,
        mode: typeBits[node.kind] | node.mode,
        // 1 for directories means "subdirectories are not counted": find(1) concludes from 2 that there are none.
        links: 1,
        size,
        blocks: Math.ceil(size / 512),
        modified,
        volatile: isVolatile(node),
      };
    });
  }

  /** The names in a directory, with `.` and `..` first. */
  names(path: string): Promise<readonly DirectoryEntry[]> {
    return this.#answer('READDIR', path, async () => {
      const directory = await this.#directory(path);
      const parent = await this.#directory(parentOf(path));
      return [
        { name: '.', kind: 'directory', inode: directory.inode },
        { name: '..', kind: 'directory', inode: parent.inode },
        ...(await directory.list()),
      ];
    });
  }

  readLink(path: string): Promise<string> {
    return this.#answer('READLINK', path, async () => {
      const node = await this.#node(path);
      if (node.kind !== 'link') throw new Refusal('not-a-link', path);
      return node.target;
    });
  }

  /** At most `length` bytes from `offset`; fewer at the end of the file, none behind it. */
  read(path: string, offset: number, length: number): Promise<Buffer> {
    return this.#answer('READ', path, async () => {
      const node = await this.#node(path);
      if (node.kind === 'directory') throw new Refusal('is-a-directory', path);
      if (node.kind === 'link') throw new Refusal('not-a-file', path);
      if (node.volatile) {
        const { bytes } = await this.#snapshots.last(path, node);
        return bytes.subarray(offset, offset + length);
      }
      return this.#reader.read(await node.content(), offset, length);
    });
  }

  /** Looks a path and all below it up anew at the next request; without a path, everything. */
  forget(path = '/'): void {
    this.#forgotten++;
    const below = path === '/' ? '/' : `${path}/`;
    for (const known of this.#directories.keys()) {
      if (known === path || known.startsWith(below)) this.#directories.delete(known);
    }
  }

  async #answer<T>(request: string, path: string, answer: () => Promise<T>): Promise<T> {
    this.#counts[request] = (this.#counts[request] ?? 0) + 1;
    try {
      return await answer();
    } catch (error) {
      this.#failures.add(error, path);
      throw error;
    }
  }

  async #measure(path: string, node: Node): Promise<{ readonly size: number; readonly modified: number }> {
    const { modified } = node;
    if (node.kind === 'directory') return { size: 0, modified };
    if (node.kind === 'link') return { size: Buffer.byteLength(node.target), modified };
    if (!node.volatile) return { size: await node.size(), modified };
    const snapshot = await this.#snapshots.renew(path, node);
    return { size: snapshot.bytes.length, modified: snapshot.modified };
  }

  async #node(path: string): Promise<Node> {
    if (path === '/') return this.#root;
    const parent = await this.#directory(parentOf(path));
    const node = await parent.lookup(path.slice(path.lastIndexOf('/') + 1));
    if (node === undefined) throw new Refusal('no-such-name', path);
    return node;
  }

  async #directory(path: string): Promise<DirectoryNode> {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const forgotten = this.#forgotten;
    const node = await this.#node(path);
    if (node.kind !== 'directory') throw new Refusal('not-a-directory', path);
    if (forgotten === this.#forgotten) this.#directories.set(path, node);
    return node;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function isVolatile(node: Node): node is FileNode {
  return node.kind === 'file' && node.volatile;
}
