import { posix } from 'node:path';
import type { Content } from '../artifact/content.ts';
import type { ContentReader } from '../artifact/content-reader.ts';
import { NumberSet } from '../bytes/number-set.ts';
import type { Shelf } from '../bytes/shelf.ts';
import { IkfsError } from '../errors.ts';
import type { NativeAnswer, NativeForgetting, NativeNeed, NativeNode } from '../native.ts';
import type { DirectoryNode, Node, WholeTree } from '../tree/node.ts';
import { errnoByCode, errnoOf } from './errno.ts';
import { FailureReport } from './failure-report.ts';
import { Listing } from './listing.ts';
import type { ListedName } from './listing.ts';
import { directoryOf, nativeContent, settledLeaf, snapshotOf, unsettled } from './native-nodes.ts';

/** Where the nodes go: a session, or what stands for one in tests. */
export interface Publisher {
  publish(
    nodes: readonly NativeNode[],
    forget: readonly NativeForgetting[],
    answered: readonly NativeAnswer[],
  ): void;
}

/** A node that was looked up and is asked again: a directory, or a volatile file; with the place it was found in. */
interface Known {
  readonly parent: number;
  readonly name: string;
  /** The directory to ask for it again. */
  readonly directory: DirectoryNode;
  /** The node itself. */
  readonly node: Node;
}

/** Where a node's name was listed. */
type Place = Omit<Known, 'node'>;

/** Questions that follow one another within this time, in milliseconds, are taken for one reader's. */
const sameReader = 100;

/** However often a volatile file is asked for, no state of it is shown for longer than this, in milliseconds. */
const oldest = 1000;

/** Names of a directory of at least so many files are taken back while nobody asks for them. */
const largeDirectory = 64;

/** The root's number in the protocol, and its inode number in the tree. */
const rootNumber = 1;

/**
 * Carries the tree over into a session, as far as requests need it: names when a directory is listed or looked
 * into, size and content of a file when somebody asks for its attributes. What is complete goes over as a
 * whole. Node numbers are the tree's inode numbers.
 */
export class KernelNodes {
  #root: DirectoryNode;
  readonly #reader: ContentReader;
  readonly #publisher: Publisher;
  readonly #failures: FailureReport;
  readonly #known = new Map<number, Known>();
  /** Other nodes that were looked up, and published with all that they have. */
  readonly #settled = new NumberSet();
  /** Names that were published, by directory: to tell which have gone, and what a number stands for. */
  readonly #listings = new Map<number, Listing>();
  /** Trees that were published as a whole, with the numbers of their nodes. */
  readonly #trees = new Map<
    number,
    { readonly first: number; readonly last: number; readonly content: Content }
  >();
  /** Nodes that are being asked for, with what is asked, oldest first. */
  readonly #asked = new Map<string, number>();
  /** When volatile files were published last, and when they were asked for last. */
  readonly #snapshots = new Map<number, { readonly made: number; asked: number }>();

  readonly #onWork: () => void;

  /**
   * @param onError gets each distinct failure once
   * @param onWork told when `asked()` has changed
   */
  constructor(
    root: DirectoryNode,
    reader: ContentReader,
    publisher: Publisher,
    onError: (error: unknown) => void,
    onWork: () => void = () => undefined,
  ) {
    this.#onWork = onWork;
    this.#root = root;
    this.#reader = reader;
    this.#publisher = publisher;
    this.#failures = new FailureReport(onError);
  }

  /** Publishes the root, whose names are asked for like all others. */
  start(): void {
    this.#publisher.publish([directoryOf(this.#root, rootNumber, undefined)], [], []);
  }

  /**
   * Shows another state of the tree. What has another number than before is looked up anew by whoever looks
   * again; who has the old one open keeps it.
   */
  async replaceRoot(root: DirectoryNode): Promise<void> {
    this.#root = root;
    const nodes: NativeNode[] = [];
    const forget: NativeForgetting[] = [];
    const pending: [number, DirectoryNode][] = [[rootNumber, root]];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [number, directory] = next;
      const before = this.#listings.get(number);
      if (!before) continue;
      await this.#addNames(directory, number, nodes);
      const after = [...(this.#listings.get(number)?.names() ?? [])];
      const changed = changedNames([...before.names()], after);
      if (changed.length > 0) forget.push({ node: number });
      forget.push(...changed.map((name) => ({ parent: number, name })));
      for (const { inode, name } of after) {
        const known = this.#known.get(inode);
        if (known) this.#known.set(inode, { ...known, directory });
        if (!this.#listings.has(inode)) continue;
        const below = await directory.lookup(name);
        if (below?.kind !== 'directory') continue;
        this.#known.set(inode, { parent: number, name, directory, node: below });
        pending.push([inode, below]);
      }
    }
    this.#publisher.publish(nodes, forget, []);
  }

  /** Paths of what is being asked for and has not been answered, oldest first; volatile files are none. */
  asked(): readonly string[] {
    return [...new Set(this.#asked.values())].map((number) => this.#pathOf(number).slice(1));
  }

  /** Answers what a request needs. Never rejects: what fails is the answer. */
  async ask(number: number, need: NativeNeed): Promise<void> {
    if (need === 'renewed') {
      await this.#answer(number, need);
      return;
    }
    const key = `${number} ${need}`;
    this.#asked.set(key, number);
    this.#onWork();
    try {
      await this.#answer(number, need);
    } finally {
      this.#asked.delete(key);
      this.#onWork();
    }
  }

  async #answer(number: number, need: NativeNeed): Promise<void> {
    if (need === 'repaired') {
      await this.#reportDamage(number);
      return;
    }
    if (number !== rootNumber && !this.#known.has(number) && !this.#placeOf(number)) {
      // Its absence was published while this was on its way.
      this.#publisher.publish([], [], [{ node: number, need, error: absent }]);
      return;
    }
    try {
      switch (need) {
        case 'names':
          await this.#publishNames(number);
          return;
        case 'settled':
          await this.#settle(number);
          return;
        case 'renewed':
          await this.#renew(number);
          return;
      }
    } catch (error) {
      this.#failures.add(error, this.#pathOf(number));
      this.#publisher.publish([], [], [{ node: number, need, error: errnoOf(error) }]);
    }
  }

  async #publishNames(number: number): Promise<void> {
    const directory = number === rootNumber ? this.#root : this.#known.get(number)?.node;
    if (directory?.kind !== 'directory') throw new IkfsError('io', `node ${number} is no directory`);
    const nodes: NativeNode[] = [];
    if (directory.whole) nodes.push(this.#tree(number, await directory.whole()));
    else await this.#addNames(directory, number, nodes);
    this.#publisher.publish(nodes, [], [{ node: number, need: 'names', error: 0 }]);
  }

  /**
   * A directory's names, and its children as far as they are known without looking them up.
   * @param without a node that is not there, whatever the listing says
   */
  async #addNames(
    directory: DirectoryNode,
    number: number,
    nodes: NativeNode[],
    without?: number,
  ): Promise<void> {
    const entries = (await directory.list()).filter((entry) => entry.inode !== without);
    nodes.push(directoryOf(directory, this.#parentOf(number), entries, number));
    const before = this.#listings.get(number);
    this.#listings.set(number, new Listing(directory, entries));
    for (const entry of entries) {
      if (before?.isPutAside === false && before.nameOf(entry.inode) !== undefined) continue;
      if (this.#known.has(entry.inode) || this.#settled.has(entry.inode)) continue;
      nodes.push(unsettled(entry, number));
    }
  }

  #tree(number: number, { index, nodes, content, firstInode, modified }: WholeTree): NativeNode {
    this.#trees.set(number, { first: firstInode, last: firstInode + nodes, content });
    const parent = this.#parentOf(number);
    return {
      id: number,
      kind: 'tree',
      parent,
      index,
      content: nativeContent(content),
      first: firstInode,
      modified,
    };
  }

  /** A node's content was found to be damaged by who read it. */
  async #reportDamage(number: number): Promise<void> {
    const tree = [...this.#trees.values()].find(({ first, last }) => number >= first && number < last);
    const place = this.#placeOf(number);
    try {
      const node = tree ? undefined : await place?.directory.lookup(place.name);
      const content = tree?.content ?? (node?.kind === 'file' ? await node.content() : undefined);
      if (content?.kind === 'blob') content.seal.reportDamage();
    } catch (error) {
      this.#failures.add(error, this.#pathOf(number));
    }
  }

  async #settle(number: number): Promise<void> {
    const place = this.#placeOf(number);
    if (!place) throw new IkfsError('io', `nobody knows node ${number}`);
    const node = await place.directory.lookup(place.name);
    if (!node) {
      await this.#publishAbsence(number, place);
      return;
    }
    const published =
      node.kind === 'directory' ? directoryOf(node, place.parent, undefined) : await settledLeaf(node);
    if (node.kind === 'directory' || (node.kind === 'file' && node.volatile)) {
      this.#known.set(number, { ...place, node });
    } else this.#settled.add(number);
    this.#publisher.publish([published], [], [{ node: number, need: 'settled', error: 0 }]);
  }

  /** What was listed turned out not to be there: its name goes, and all that went with it. */
  async #publishAbsence(number: number, { parent, directory }: Place): Promise<void> {
    const before = [...(this.#listings.get(parent)?.names() ?? [])];
    const nodes: NativeNode[] = [];
    await this.#addNames(directory, parent, nodes, number);
    const left = this.#listings.get(parent);
    const gone = before.filter((entry) => left?.nameOf(entry.inode) === undefined);
    for (const { inode } of gone) {
      this.#known.delete(inode);
      this.#settled.delete(inode);
      nodes.push({ id: inode, gone: true });
    }
    const forget = [{ node: parent }, ...gone.map(({ name }) => ({ parent, name }))];
    this.#publisher.publish(nodes, forget, [{ node: number, need: 'settled', error: absent }]);
  }

  /**
   * A volatile file as it is now. One reader asks several times (for the size, and again at the end), and must
   * read one state of the file: so who asks shortly after another gets the same.
   */
  async #renew(number: number): Promise<void> {
    const node = this.#known.get(number)?.node;
    if (node?.kind !== 'file') throw new IkfsError('io', `node ${number} is no file`);
    const now = performance.now();
    const last = this.#snapshots.get(number);
    const answered = [{ node: number, need: 'renewed', error: 0 } as const];
    if (last && now - last.asked < sameReader && now - last.made < oldest) {
      last.asked = now;
      this.#publisher.publish([], [], answered);
      return;
    }
    const content = await node.content();
    const bytes = this.#reader.read(content, 0, content.size);
    this.#snapshots.set(number, { made: now, asked: now });
    this.#publisher.publish([snapshotOf(node, bytes)], [{ node: number }], answered);
  }

  #parentOf(number: number): number {
    return this.#known.get(number)?.parent ?? rootNumber;
  }

  /** Where a node is in the mount. */
  #pathOf(number: number): string {
    const place = this.#placeOf(number);
    if (!place) return '/';
    return posix.join(this.#pathOf(place.parent), place.name);
  }

  /** Where a node was listed; undefined for the root, and for what nobody has listed. */
  #placeOf(number: number): Place | undefined {
    const known = this.#known.get(number);
    if (known) return known;
    for (const [parent, listing] of this.#listings) {
      const name = listing.nameOf(number);
      if (name !== undefined) return { parent, name, directory: listing.directory };
    }
    return undefined;
  }

  /**
   * Takes the names of large directories of files back, with the files that nobody has looked up: the session asks for
   * them again when somebody looks into such a directory. What was looked up stays, as the kernel may know it.
   */
  letGo(shelf: Shelf): void {
    for (const [number, listing] of this.#listings) {
      const node = this.#known.get(number)?.node;
      if (node?.kind !== 'directory' || listing.size < largeDirectory || !listing.hasOnlyFiles) continue;
      if (listing.isPutAside) {
        // It may have been looked into again.
        listing.putAside(shelf);
        continue;
      }
      const unsettled = [...listing.names()].filter(({ inode }) => !this.#settled.has(inode));
      const gone = unsettled.map(({ inode }): NativeNode => ({ id: inode, gone: true }));
      this.#publisher.publish([directoryOf(node, this.#parentOf(number), undefined), ...gone], [], []);
      listing.putAside(shelf);
    }
  }
}

/** What requests for a node end with that has gone. */
const absent = errnoByCode['not-found'];

/** Names that are in one listing and not in the other, or stand for another node there. */
function changedNames(before: readonly ListedName[], after: readonly ListedName[]): string[] {
  const numbers = new Map(after.map(({ name, inode }) => [name, inode]));
  const differing = before.filter(({ name, inode }) => numbers.get(name) !== inode).map(({ name }) => name);
  const old = new Set(before.map(({ name }) => name));
  return [...differing, ...after.filter(({ name }) => !old.has(name)).map(({ name }) => name)];
}
