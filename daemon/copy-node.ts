import type { Node } from '../src/tree/node.ts';
import type { Destination } from './destination.ts';
import { joinPath } from './listing.ts';

/** What was extracted so far. */
export interface Copied {
  files: number;
  /** Of the files' contents. */
  bytes: number;
}

/** Told of how a copying comes on. */
export interface CopyHooks {
  readonly onFile: (copied: Copied) => void;
  /** Told of what could not be made; the copying goes on. */
  readonly onFailure: (thrown: unknown) => void;
}

/**
 * Hands a node, and all that is below it, to a destination.
 * @param path what the node is called there
 * @throws IkfsError when the destination fails, or content can not be read to its end
 */
export async function copyNode(
  node: Node,
  path: string,
  destination: Destination,
  hooks: CopyHooks,
): Promise<Copied> {
  const copied: Copied = { files: 0, bytes: 0 };
  await copy(node, path);
  return copied;

  async function copy(here: Node, at: string): Promise<void> {
    switch (here.kind) {
      case 'link':
        await destination.link(at, here);
        return;
      case 'file': {
        const content = await attempt(() => here.content());
        if (!content) return;
        await destination.file(at, here, content);
        copied.files += 1;
        copied.bytes += content.size;
        hooks.onFile(copied);
        return;
      }
      case 'directory': {
        await destination.directory(at, here);
        for (const { name } of (await attempt(() => here.list())) ?? []) {
          const child = await attempt(() => here.lookup(name));
          if (child) await copy(child, joinPath(at, name));
        }
      }
    }
  }

  async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (thrown) {
      hooks.onFailure(thrown);
      return undefined;
    }
  }
}
