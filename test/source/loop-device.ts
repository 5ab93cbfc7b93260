import type { ExecutionContext } from 'ava';
import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../open-tree.ts';
import { toolPath } from '../requirements.ts';

/** A block device of a test, as long as a partition and written to as one is. */
export interface LoopDevice {
  /** `/dev/loop7` */
  readonly path: string;
  /** Writes bytes to the device itself, as fastboot or an update does. */
  write(bytes: Buffer, offset: number): void;
}

/** Tests with loop devices need root and losetup(8). */
export const loopNeeds = ['root', 'tool:losetup'] as const;

/** A loop device with an image at its beginning and zeros behind it; gone when the test ends. */
export function loopDevice(t: ExecutionContext, image: Buffer, size: number): LoopDevice {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const file = join(folder.path, 'partition');
  writeFileSync(file, Buffer.concat([image, Buffer.alloc(size - image.length)]));
  const losetup = toolPath('losetup') as string;
  const path = execFileSync(losetup, ['--find', '--show', file], { encoding: 'utf8' }).trim();
  t.teardown(() => execFileSync(losetup, ['--detach', path]));
  return {
    path,
    write(bytes, offset) {
      const descriptor = openSync(path, 'r+');
      try {
        writeSync(descriptor, bytes, 0, bytes.length, offset);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
  };
}
