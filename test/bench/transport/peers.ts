import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './commands.ts';
import { ServerProcess } from './server-process.ts';
import type { MountedTree, Subject } from './subject.ts';

/** Directories to mount on, each used once. */
export class Mountpoints {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  next(): string {
    const path = join(this.#folder, String(this.#count++));
    mkdirSync(path);
    return path;
  }
}

/** The tree unpacked on tmpfs. */
export function unpackedTree(top: string): Subject {
  return { name: 'tmpfs', mount: async () => ({ top, unmount: async () => undefined }) };
}

/** A file system image, made of the tree when it is first mounted. */
interface ImageKind {
  readonly name: string;
  /** Name of the image; of one name there is one image. */
  readonly image: string;
  readonly make: (tree: string, image: string) => void;
  readonly mount: (image: string, mountpoint: string) => Promise<() => Promise<void>>;
}

/** Mounts through a loop device, which goes with the mount. */
function mountLoop(type: string): ImageKind['mount'] {
  return async (image, mountpoint) => {
    runCommand('mount', ['-t', type, '-o', 'loop,ro,nodev,nosuid', image, mountpoint]);
    return async () => {
      runCommand('umount', [mountpoint]);
    };
  };
}

function makeZstdSquashfs(tree: string, image: string): void {
  runCommand('mksquashfs', [tree, image, '-comp', 'zstd', '-quiet', '-no-progress', '-noappend']);
}

const imageKinds: readonly ImageKind[] = [
  {
    name: 'ext4 loop',
    image: 'ext4',
    make: (tree, image) =>
      // Room for the files three times over: most of them are smaller than a block.
      runCommand('mkfs.ext4', ['-q', '-N', '16384', '-d', tree, image, '192M']),
    mount: mountLoop('ext4'),
  },
  {
    name: 'erofs loop',
    image: 'erofs',
    make: (tree, image) => runCommand('mkfs.erofs', ['--quiet', image, tree]),
    mount: mountLoop('erofs'),
  },
  { name: 'squashfs loop', image: 'squashfs', make: makeZstdSquashfs, mount: mountLoop('squashfs') },
  {
    name: 'squashfuse_ll',
    image: 'squashfs',
    make: makeZstdSquashfs,
    async mount(image, mountpoint) {
      const server = new ServerProcess('squashfuse_ll', ['-f', '-o', 'ro', image, mountpoint], mountpoint);
      await server.mounted();
      return () => server.stop();
    },
  },
];

/**
 * The tree in images: of ext4, erofs and squashfs (zstd) through the kernel, and of squashfs through squashfuse_ll.
 * @param folder where the images go
 */
export function images(tree: string, folder: string, mountpoints: Mountpoints): Subject[] {
  mkdirSync(folder, { recursive: true });
  return imageKinds.map(({ name, image: fileName, make, mount }) => {
    const image = join(folder, fileName);
    return {
      name,
      async mount(): Promise<MountedTree> {
        if (!existsSync(image)) make(tree, image);
        const mountpoint = mountpoints.next();
        const unmount = await mount(image, mountpoint);
        return {
          top: mountpoint,
          async unmount() {
            await unmount();
            rmdirSync(mountpoint);
          },
        };
      },
    };
  });
}
