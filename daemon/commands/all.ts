import type { Command } from '../command.ts';
import { cache } from './cache.ts';
import { cat } from './cat.ts';
import { env } from './env.ts';
import { extract } from './extract.ts';
import { info } from './info.ts';
import { ls } from './ls.ts';
import { modules } from './modules.ts';
import { mount } from './mount.ts';
import { prefetch } from './prefetch.ts';
import { unmount } from './unmount.ts';

/** Every command, in the order in which help lists them. */
export const commands: readonly Command[] = [
  mount,
  unmount,
  prefetch,
  info,
  ls,
  cat,
  extract,
  modules,
  env,
  cache,
];
