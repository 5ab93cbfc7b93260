import { pack } from 'tar-stream';
import type { Header, Pack } from 'tar-stream';
import type { ContentReader } from '../src/artifact/content-reader.ts';
import type { Content } from '../src/artifact/content.ts';
import { asIkfsError } from '../src/errors.ts';
import type { DirectoryNode, FileNode, LinkNode } from '../src/tree/node.ts';
import { OutputDirectory } from './output-directory.ts';
import { write } from './output.ts';
import { readChunks } from './read-chunks.ts';

type EntryHeader = Partial<Header> & Pick<Header, 'name'>;

/** Where extracted nodes go. Paths are relative; what is above a path need not have been named before. */
export interface Destination {
  directory(path: string, node: DirectoryNode): Promise<void>;
  file(path: string, node: FileNode, content: Content): Promise<void>;
  link(path: string, node: LinkNode): Promise<void>;
  /** Everything has come. */
  finish(): Promise<void>;
}

/** Files in a directory. @throws IkfsError as OutputDirectory */
export function directoryDestination(path: string, overwrite: boolean, reader: ContentReader): Destination {
  const output = new OutputDirectory(path, overwrite);
  return {
    async directory(name, { modified }) {
      output.directory(name, modified);
    },
    async file(name, { mode, modified }, content) {
      output.file(name, mode, modified, readChunks(reader, content));
    },
    async link(name, { target, modified }) {
      output.link(name, target, modified);
    },
    async finish() {
      output.close();
    },
  };
}

/** One file's bytes, on standard output. */
export function plainDestination(reader: ContentReader): Destination {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    directory: nothing,
    link: nothing,
    finish: nothing,
    async file(_path, _node, content) {
      for (const chunk of readChunks(reader, content)) await write(chunk);
    },
  };
}

/** A tar archive on standard output. */
export function tarDestination(reader: ContentReader): Destination {
  const archive = pack();
  /** Why nothing can be written any more; the archive itself only says that it has ended. */
  let failure: unknown;
  const written = (async () => {
    for await (const chunk of archive) {
      try {
        await write(chunk as Buffer);
      } catch (error) {
        failure = error;
        throw error;
      }
    }
  })();
  // Whoever adds the next entry, or the end, is told.
  written.catch(() => undefined);

  /** Adds an entry, and waits until the archive has taken it or can not take it any more. */
  async function add(header: EntryHeader, chunks: Iterable<Buffer> = []): Promise<void> {
    const added = new Promise<void>((resolve, reject) => {
      const entry = archive.entry({ ...header, uid: 0, gid: 0 }, (error) => {
        if (error) reject(asIkfsError(failure ?? error));
        else resolve();
      });
      feed(entry, chunks).catch(reject);
    });
    await Promise.race([added, written.then(() => added)]);
  }

  return {
    async directory(path, { mode, modified }) {
      if (path === '') return;
      await add({ name: `${path}/`, type: 'directory', mode, mtime: new Date(modified) });
    },
    async file(path, { mode, modified }, content) {
      const header = { name: path, size: content.size, mode, mtime: new Date(modified) };
      await add({ ...header, type: 'file' }, readChunks(reader, content));
    },
    async link(path, { mode, target, modified }) {
      await add({ name: path, type: 'symlink', linkname: target, mode, mtime: new Date(modified) });
    },
    async finish() {
      archive.finalize();
      await written;
    },
  };
}

/** Writes chunks to an entry at the pace at which the archive is read, and ends it. */
async function feed(entry: ReturnType<Pack['entry']>, chunks: Iterable<Buffer>): Promise<void> {
  for (const chunk of chunks) {
    if (!entry.write(chunk)) await new Promise<void>((resolve) => entry.once('drain', () => resolve()));
  }
  entry.end(null);
}
