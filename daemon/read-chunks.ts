import type { ContentReader } from '../src/artifact/content-reader.ts';
import type { Content } from '../src/artifact/content.ts';

const chunkSize = 256 * 1024;

/** The bytes of content, a piece at a time. @throws IkfsError as ContentReader.read */
export function* readChunks(reader: ContentReader, content: Content): Generator<Buffer> {
  for (let offset = 0; offset < content.size; offset += chunkSize) {
    yield reader.read(content, offset, chunkSize);
  }
}
