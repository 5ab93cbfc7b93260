import { MemorySource, WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import type { ReadTally } from '../bytes/descriptor-source.ts';
import { sameIdentity } from '../bytes/file-identity.ts';
import { FileSource } from '../bytes/file-source.ts';
import { IkfsError } from '../errors.ts';
import type { Content } from './content.ts';
import { SealedSource, openBlob } from './sealed-source.ts';

/**
 * Lets `use` read content as a source, open for as long as it takes.
 * @param name what messages call the bytes
 * @throws IkfsError `changed` when the file is no longer the one described, and what `use` throws
 */
export async function withContent<T>(
  content: Content,
  name: string,
  use: (source: ByteSource) => T | Promise<T>,
  tally?: ReadTally,
): Promise<T> {
  if (content.kind === 'memory') return await use(new MemorySource(name, content.bytes));
  const end = content.offset + content.size;
  if (content.kind === 'descriptor') {
    const whole = new DescriptorSource(name, content.descriptor, end, tally);
    return await use(new WindowSource(whole, content.offset, content.size));
  }
  if (content.kind === 'blob') {
    const blob = openBlob(content, name, tally);
    try {
      const whole = new SealedSource(name, blob, content.seal);
      return await use(new WindowSource(whole, content.offset, content.size));
    } finally {
      blob.close();
    }
  }
  const file = FileSource.open(content.path, { tally, name });
  try {
    if (content.identity && !sameIdentity(content.identity, file.identity)) {
      throw new IkfsError('changed', 'was replaced after it had been described', { path: content.path });
    }
    return await use(new WindowSource(file, content.offset, content.size));
  } finally {
    file.close();
  }
}

/** All the bytes of content; for small content only. */
export function contentBytes(content: Content, name: string): Promise<Buffer> {
  return withContent(content, name, (source) => source.read(0, source.size));
}
