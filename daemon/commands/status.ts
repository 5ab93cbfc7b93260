import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IkfsError, asIkfsError } from '../../src/errors.ts';
import { mountsAdvice } from '../../src/transport/mount-table.ts';
import type { Status } from '../../src/tree/status.ts';
import type { Command } from '../command.ts';
import { defaultMountpoint } from '../mountpoint.ts';
import { write } from '../output.ts';
import { formatStatus } from '../status-report.ts';

export const status: Command = {
  name: 'status',
  summary: 'tell what a mount has served, and how it is',
  usage: ['status [OPTION...] [MOUNTPOINT]'],
  description: [
    'Reads status.json of what is mounted at MOUNTPOINT: each kernel with what became of its artifacts so far, the store, the fence, and counts. Makes nothing.',
    'With --json it is that file as it is.',
  ],
  options: ['json'],
  operands: { least: 0, most: 1 },

  async run({ values, operands }) {
    const mountpoint = resolve(operands[0] ?? defaultMountpoint());
    const text = readStatus(join(mountpoint, 'status.json'));
    await write(values.json ? text : formatStatus(parse(text, mountpoint), mountpoint));
    return 0;
  },
};

/** @throws IkfsError `not-found` where no ikfs is mounted, `unavailable` when the one that served it is gone */
function readStatus(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const failure = asIkfsError(error, { path });
    if ((error as NodeJS.ErrnoException).code === 'ENOTCONN') {
      throw new IkfsError('unavailable', 'who served this mount is gone', {
        path,
        advice: 'ikfs unmount takes it away, ikfs mount replaces it',
      });
    }
    throw failure.code === 'not-found' ? failure.within({ advice: mountsAdvice() }) : failure;
  }
}

function parse(text: string, path: string): Status {
  try {
    return JSON.parse(text) as Status;
  } catch (cause) {
    throw new IkfsError('corrupt', 'status.json is not what ikfs writes', { path, cause });
  }
}
