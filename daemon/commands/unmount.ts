import { readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { ikfsType, mountAt, mountsAdvice, placeInTable } from '../../src/transport/mount-table.ts';
import type { MountEntry } from '../../src/transport/mount-table.ts';
import { detach } from '../../src/transport/unmount.ts';
import type { Command } from '../command.ts';
import { log } from '../log.ts';
import { defaultMountpoint } from '../mountpoint.ts';

export const unmount: Command = {
  name: 'unmount',
  summary: 'unmount the tree',
  usage: ['unmount [--if-left] [MOUNTPOINT]'],
  description: [
    'Unmounts what ikfs has mounted at MOUNTPOINT, also when the process that served it is gone. Where files in it are still open, the mount disappears at once and ends when they are closed.',
  ],
  options: ['if-left'],
  operands: { least: 0, most: 1 },

  async run({ values, operands }) {
    const place = resolve(operands[0] ?? defaultMountpoint());
    const found = findMount(place);
    if (values['if-left'] && found?.type !== ikfsType) return 0;
    const path = ownMountpoint(place, found);
    if ((await detach(path)) === 'lazily') {
      log('info', `${path}: was in use; it is gone from there, and ends when its last user is done`);
    }
    return 0;
  },
};

/**
 * The mount that a path means. The path itself is not looked at as long as it can be avoided: a server that hangs
 * would not answer.
 */
function findMount(path: string): MountEntry | undefined {
  for (const place of placesOf(path)) {
    const found = mountAt(place);
    if (found) return found;
  }
  return undefined;
}

/** Where a mount of ours is. @throws IkfsError `not-found` when no ikfs is mounted there */
function ownMountpoint(path: string, found: MountEntry | undefined): string {
  if (found?.type === ikfsType) return found.mountpoint;
  throw new IkfsError(
    'not-found',
    found ? `is not an ikfs mount but ${found.type}` : 'nothing is mounted there',
    {
      path,
      advice: mountsAdvice(),
    },
  );
}

/** The path without symbolic links in front of its last name, then without one in the last name as well. */
function* placesOf(path: string): Generator<string> {
  const place = placeInTable(path);
  if (place === undefined) return;
  yield place;
  try {
    yield resolve(dirname(place), readlinkSync(place));
  } catch {
    // It is no link, or not there: then nothing else is meant by it.
  }
}
