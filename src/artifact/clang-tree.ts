import { encodeTreeIndex } from '../format/tree-index.ts';
import type { PlainTree } from '../format/tree-index.ts';
import { kconfigForClang } from './clang-kconfig.ts';
import { memoryContent } from './content.ts';
import { HeaderTree } from './header-tree.ts';
import type { HeaderDirectory, HeaderNode } from './header-tree.ts';

type PlainDirectory = Extract<PlainTree, { kind: 'directory' }>;

/** The header that this tree has of its own: what bcc and bpftrace read before all others (`-include`). */
const replaced = ['include', 'linux', 'kconfig.h'] as const;

/**
 * clang/: build/ as links, but for the one header in which what clang stumbles over is set right. It can take build/'s place
 * wherever a tool wants one root for all headers, as bcc does, and build/ itself stays as the archive has it.
 * @param build the tree of build/, beside which it lies
 */
export function clangTree(build: HeaderTree): HeaderTree {
  const text = Buffer.from(kconfigForClang);
  const own: PlainTree = { kind: 'file', mode: 0o644, size: text.length, offset: 0 };
  const top = overlaid(build, build.top, [], replaced, own);
  return new HeaderTree(encodeTreeIndex(top, []), memoryContent(text), {
    ...build.provenance,
    derived: true,
  });
}

/**
 * A directory of links to what is in build/, with another file in place of one of its descendants.
 * @param above names from the top to the directory
 * @param rest names from the directory to that file; where build/ has no such file there is none here either
 */
function overlaid(
  build: HeaderTree,
  directory: HeaderDirectory,
  above: readonly string[],
  [next, ...rest]: readonly string[],
  own: PlainTree,
): PlainDirectory {
  const children = new Map<string, PlainTree>();
  for (const child of build.childrenOf(directory)) {
    const names = [...above, child.name];
    children.set(child.name, child.name === next ? onTheWay(child, names) : linkTo(names));
  }
  return { kind: 'directory', children };

  function onTheWay(child: HeaderNode, names: readonly string[]): PlainTree {
    if (rest.length === 0) return own;
    return child.kind === 'directory' ? overlaid(build, child, names, rest, own) : linkTo(names);
  }
}

/** A link from a place in clang/ to the same place in build/, which lies beside it. */
function linkTo(names: readonly string[]): PlainTree {
  return { kind: 'link', target: `${'../'.repeat(names.length)}build/${names.join('/')}` };
}
