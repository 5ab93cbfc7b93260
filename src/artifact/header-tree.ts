import type { Shelf, Shelved } from '../bytes/shelf.ts';
import { IkfsError } from '../errors.ts';
import { TreeIndex } from '../format/tree-index.ts';
import type { IndexedNode } from '../format/tree-index.ts';
import { contentBytes } from './content-source.ts';
import { partOf } from './content.ts';
import type { Content } from './content.ts';
import type { Provenance } from './outcome.ts';

export type HeaderNode = IndexedNode;
export type HeaderDirectory = Extract<IndexedNode, { kind: 'directory' }>;
export type HeaderFile = Extract<IndexedNode, { kind: 'file' }>;

/** The unpacked header archive as a tree of names over one plain tar. Nodes are decoded when they are asked for. */
export class HeaderTree {
  /** The plain tar that the index's offsets are in. */
  readonly tar: Content;
  readonly provenance: Provenance;
  /** Numbers in use: every node's number is below it. */
  readonly size: number;
  #nodes: TreeIndex | undefined;
  /** The index once it has been put aside. */
  #shelved: Shelved | undefined;
  #index: Buffer | undefined;

  /**
   * @param index as headerTreeIndex makes it
   * @throws IkfsError `corrupt` when it is none
   */
  constructor(index: Buffer, tar: Content, provenance: Provenance) {
    this.#index = index;
    this.tar = tar;
    this.provenance = provenance;
    this.#nodes = new TreeIndex(index);
    this.size = this.#nodes.size;
  }

  /** As format/tree-index.ts describes. */
  get index(): Buffer {
    this.#index ??= this.#shelved?.read() ?? Buffer.alloc(0);
    return this.#index;
  }

  /** Takes less memory until it is asked again. */
  letGo(shelf: Shelf): void {
    this.#shelved ??= shelf.put(this.index);
    this.#index = undefined;
    this.#nodes = undefined;
  }

  get #opened(): TreeIndex {
    this.#nodes ??= new TreeIndex(this.index);
    return this.#nodes;
  }

  /** The directory that everything is in. @throws IkfsError `corrupt` */
  get top(): HeaderDirectory {
    const top = this.#opened.node(0);
    if (top.kind !== 'directory') throw new IkfsError('corrupt', 'tree index: its top is no directory');
    return top;
  }

  /** Links left out because they lead out of the tree. */
  omittedLinks(): readonly string[] {
    return this.#opened.omitted();
  }

  /** What is in a directory, in order of names. */
  *childrenOf({ firstChild, children }: HeaderDirectory): Generator<HeaderNode> {
    for (let number = firstChild; number < firstChild + children; number += 1)
      yield this.#opened.node(number);
  }

  /** What is in a directory under that name. */
  childOf(directory: HeaderDirectory, name: string): HeaderNode | undefined {
    const number = this.#opened.find(directory, name);
    return number === undefined ? undefined : this.#opened.node(number);
  }

  /** The bytes of a file of this tree. */
  contentOf(file: HeaderFile): Content {
    return partOf(this.tar, file.offset, file.size);
  }

  /** The node of that path (`include/linux/kconfig.h`), the top for the empty one; links are not followed. */
  find(path: string): HeaderNode | undefined {
    let node: HeaderNode | undefined = this.top;
    for (const name of path === '' ? [] : path.split('/')) {
      if (node?.kind !== 'directory') return undefined;
      node = this.childOf(node, name);
    }
    return node;
  }

  /** The bytes of the file of that path, or undefined when there is none. */
  async readFile(path: string): Promise<Buffer | undefined> {
    const node = this.find(path);
    return node?.kind === 'file' ? await contentBytes(this.contentOf(node), path) : undefined;
  }

  /** Every file below a directory of that path, with its path. */
  *filesBelow(path: string): Generator<{ readonly path: string; readonly file: HeaderFile }> {
    const start = this.find(path);
    const pending: [string, HeaderNode][] = start ? [[path, start]] : [];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [where, node] = next;
      if (node.kind === 'file') yield { path: where, file: node };
      if (node.kind !== 'directory') continue;
      for (const child of this.childrenOf(node)) pending.push([`${where}/${child.name}`, child]);
    }
  }
}
