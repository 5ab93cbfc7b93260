import type Fuse from 'fuse-native';
import { errnoOf } from './errno.ts';
import { typeBitsOf } from './handlers.ts';
import type { Attributes, TreeHandlers } from './handlers.ts';

/**
 * The handlers as fuse-native calls them. What is not here (open, access, extended attributes, ...) is answered
 * by libfuse without entering JavaScript, or refused once for the life of the mount with ENOSYS.
 *
 * @param onVolatile called with the path of each file whose attributes must not be kept for long
 */
export function fuseNativeOperations(
  handlers: TreeHandlers,
  onVolatile: (path: string) => void,
): Fuse.Operations {
  return {
    getattr(path, reply) {
      handlers.attributes(path).then(
        (attributes) => {
          reply(0, statOf(attributes));
          if (attributes.volatile) onVolatile(path);
        },
        (error: unknown) => {
          reply(-errnoOf(error));
        },
      );
    },
    readdir(path, reply) {
      handlers.names(path).then(
        (entries) => {
          // Of these, readdir(3) sees type and inode number only.
          const stats = entries.map((entry) => ({ ...blank, mode: typeBitsOf(entry), ino: entry.inode }));
          reply(
            0,
            entries.map((entry) => entry.name),
            stats,
          );
        },
        (error: unknown) => {
          reply(-errnoOf(error));
        },
      );
    },
    readlink(path, reply) {
      handlers.readLink(path).then(
        (target) => {
          reply(0, target);
        },
        (error: unknown) => {
          reply(-errnoOf(error));
        },
      );
    },
    read(path, _handle, buffer, length, offset, reply) {
      handlers.read(path, offset, length).then(
        (bytes) => {
          reply(bytes.copy(buffer));
        },
        (error: unknown) => {
          reply(-errnoOf(error));
        },
      );
    },
  };
}

const blank: Fuse.Stat = {
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  nlink: 1,
  ino: 0,
  blocks: 0,
  atime: 0,
  mtime: 0,
  ctime: 0,
};

function statOf({ inode, mode, links, size, blocks, modified }: Attributes): Fuse.Stat {
  return {
    ...blank,
    mode,
    size,
    nlink: links,
    ino: inode,
    blocks,
    atime: modified,
    mtime: modified,
    ctime: modified,
  };
}
