import type { Command } from '../command.ts';
import { Failures } from '../failures.ts';
import { sourceOptions } from '../options.ts';
import { write } from '../output.ts';
import { readChunks } from '../read-chunks.ts';
import { openKernels } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { findContent } from '../find-node.ts';

export const cat: Command = {
  name: 'cat',
  summary: 'write files of the tree to standard output',
  usage: ['cat [OPTION...] PATH...'],
  description: [
    'Writes files of the tree to standard output, without a mount. Paths are those in the mount.',
  ],
  options: sourceOptions,
  operands: { least: 1, most: Infinity },

  async run({ values, operands }) {
    const session = await openKernels(sourcesOf(values), keepingOf(values));
    const failures = new Failures();
    try {
      for (const path of operands) {
        try {
          const content = await findContent(session.root, path);
          for (const chunk of readChunks(session.reader, content)) await write(chunk);
        } catch (thrown) {
          failures.add(thrown);
        }
      }
    } finally {
      session.close();
    }
    return failures.exitCode;
  },
};
