import type { Content } from '../artifact/content.ts';

interface NodeBase {
  /** Number that stays with the name for the life of the process; no two names share one. */
  readonly inode: number;
  /** Last modification, in milliseconds since the epoch: that of the image the node comes from. */
  readonly modified: number;
}

/** One name in a directory, as far as it is known without making anything. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: Node['kind'];
  readonly inode: number;
}

/** All that is below a directory, described at once. */
export interface WholeTree {
  /** As format/tree-index.ts describes; its top is the directory. */
  readonly index: Buffer;
  /** How many nodes it has. */
  readonly nodes: number;
  /** What the offsets in it are in. */
  readonly content: Content;
  /** The inode number of a node is this one and its number in the index together, but for the top. */
  readonly firstInode: number;
  /** Last modification of every node, in milliseconds since the epoch. */
  readonly modified: number;
}

export interface DirectoryNode extends NodeBase {
  readonly kind: 'directory';
  /** 0o755, or 0o700 where not everybody may enter. */
  readonly mode: number;
  /**
   * There for a directory of which all is known once it can be listed: walking it makes nothing. A transport may
   * take it over as a whole.
   */
  readonly whole?: () => Promise<WholeTree>;
  /** The names, in a stable order. Makes no artifact, except where the names themselves are in one (build/). */
  list(): Promise<readonly DirectoryEntry[]>;
  /**
   * The node of that name, or undefined. Where only making an artifact can tell whether it exists, it is made.
   * @throws IkfsError when that fails for another reason than absence
   */
  lookup(name: string): Promise<Node | undefined>;
}

export interface FileNode extends NodeBase {
  readonly kind: 'file';
  /** Permission bits; header files keep those of their archive. */
  readonly mode: number;
  /** True for the one file whose content changes by itself (status.json): it must not be cached. */
  readonly volatile: boolean;
  /** The exact length in bytes; makes the artifact where that is needed. */
  size(): Promise<number>;
  /** The content; makes the artifact. A volatile file gives a snapshot. */
  content(): Promise<Content>;
}

export interface LinkNode extends NodeBase {
  readonly kind: 'link';
  readonly mode: 0o777;
  /** Relative, and inside the tree. */
  readonly target: string;
}

export type Node = DirectoryNode | FileNode | LinkNode;
