import type { Command } from '../command.ts';
import { manualPage } from '../manual.ts';
import { write } from '../output.ts';
import { version } from '../version.ts';

export const manual: Command = {
  name: 'manual',
  summary: 'print the manual page',
  usage: ['manual'],
  description: [
    'To read it: ikfs manual | man -l -. To keep it: ikfs manual > /usr/local/share/man/man8/ikfs.8.',
  ],
  options: [],
  operands: { least: 0, most: 0 },

  async run() {
    const { commands } = await import('./all.ts');
    await write(manualPage(commands, version));
    return 0;
  },
};
