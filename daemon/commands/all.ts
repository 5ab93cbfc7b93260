import type { Command } from '../command.ts';
import { commandLoaders } from './load.ts';

/** Every command, loaded, in the order in which help lists them: for help, which tells something of each. */
export const commands: readonly Command[] = await Promise.all(
  Array.from(commandLoaders.values(), (load) => load()),
);
