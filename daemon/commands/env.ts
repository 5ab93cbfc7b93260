import { resolve } from 'node:path';
import { ikfsType, mountAt } from '../../src/transport/mount-table.ts';
import type { Command } from '../command.ts';
import { askByMaking, environmentOf, exportLine } from '../environment.ts';
import { log } from '../log.ts';
import { defaultMountpoint } from '../mountpoint.ts';
import { sourceOptions } from '../options.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openKernels } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { formatJson } from '../table.ts';

export const env: Command = {
  name: 'env',
  summary: 'print the variables that make bcc and bpftrace use the mount',
  usage: ['env [OPTION...]'],
  description: [
    'Prints a line for sh(1) for each variable that helps: eval "$(ikfs env)". What a tool finds by itself on this system is left out.',
  ],
  options: ['mount', 'json', ...sourceOptions],
  operands: { least: 0, most: 0 },

  async run({ values }) {
    const mountpoint = resolve(values.mount ?? defaultMountpoint());
    const session = await openKernels(sourcesOf(values), keepingOf(values), { mountpoint });
    try {
      const variables = await withProgress('Looking at kernels', () =>
        environmentOf(session.catalogue, mountpoint, askByMaking),
      );
      if (values.json) await write(formatJson(variables));
      else await write(variables.map((variable) => `${exportLine(variable)}\n`).join(''));
      // Not as a comment among the lines: without quotes around $(ikfs env) it would swallow the next one.
      for (const { name, remark } of variables) if (remark !== undefined) log('info', `${name}: ${remark}`);
      if (variables.length === 0) {
        log('info', 'no kernel here has headers, and what else there is, tools find by themselves');
        return 1;
      }
      if (mountAt(mountpoint)?.type !== ikfsType) {
        log('warning', `nothing is mounted at ${mountpoint} yet: ikfs mount ${mountpoint}`);
      }
      return 0;
    } finally {
      session.close();
    }
  },
};
