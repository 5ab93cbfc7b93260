import type { FileIdentity } from '../bytes/file-identity.ts';
import type { Content } from './content.ts';
import type { Provenance } from './outcome.ts';

/**
 * What tells content from any other, for the keys of what is made from it. What has a key in the store is told by that,
 * wherever it lies.
 */
export function contentIdentity(content: Content, provenance: Provenance): FileIdentity {
  const { size } = content;
  const named = (inode: string): FileIdentity => ({ inode, size, modified: '' });
  switch (content.kind) {
    case 'blob':
    case 'descriptor':
      return named(`${content.key}@${content.offset}`);
    case 'file':
      if (content.key !== undefined) return named(`${content.key}@0`);
      return {
        inode: `${content.identity?.inode ?? provenance.source}@${content.offset}`,
        size,
        modified: content.identity?.modified ?? String(provenance.modified),
      };
    case 'memory':
      return { inode: `${provenance.source}@0`, size, modified: String(provenance.modified) };
  }
}
