import { IkfsError } from '../../src/errors.ts';
import type { Command } from '../command.ts';
import { completionScript, shells } from '../completion.ts';
import { write } from '../output.ts';

export const completion: Command = {
  name: 'completion',
  summary: 'print a script that completes ikfs in a shell',
  usage: [`completion ${shells.join('|')}`],
  description: [
    'For bash: ikfs completion bash > /usr/share/bash-completion/completions/ikfs. For zsh the file is _ikfs in a directory of $fpath, for fish ~/.config/fish/completions/ikfs.fish.',
  ],
  options: [],
  operands: { least: 1, most: 1 },

  async run({ operands: [wanted] }) {
    const shell = shells.find((each) => each === wanted);
    if (!shell) throw new IkfsError('usage', `knows ${shells.join(', ')}, not ${wanted ?? ''}`);
    const { commands } = await import('./all.ts');
    await write(completionScript(shell, commands));
    return 0;
  },
};
