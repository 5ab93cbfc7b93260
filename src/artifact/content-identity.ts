import type { FileIdentity } from '../bytes/file-identity.ts';
import type { Content } from './content.ts';
import type { Provenance } from './outcome.ts';

/** What tells content from any other, for the keys of what is made from it. */
export function contentIdentity(content: Content, provenance: Provenance): FileIdentity {
  // A blob of the store has no identity of its own; its length and its source's age stand for it.
  const file = content.kind === 'file' ? content.identity : undefined;
  return {
    inode: `${file?.inode ?? provenance.source}@${content.kind === 'memory' ? 0 : content.offset}`,
    size: content.size,
    modified: file?.modified ?? String(provenance.modified),
  };
}
