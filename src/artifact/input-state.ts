import { statSync } from 'node:fs';
import { identityOf } from '../bytes/file-identity.ts';
import { fileOf } from '../source/module-folder.ts';
import type { ModuleList } from '../source/module-folder.ts';

/** The state that files are in, as text that differs whenever one of them has been changed or replaced. */
export function inputState(paths: readonly string[]): string {
  return JSON.stringify(
    paths.map((path) => {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (!stats) return 'missing';
      // A file that was replaced within one tick of the clock has another change time.
      return [identityOf(stats), String(stats.ctimeNs)];
    }),
  );
}

/** Modules that carry artifacts of the kernel: the header archive and the configuration. */
const carriers = ['kheaders', 'configs'] as const;

/** The state that the files of those modules are in. */
export function stateOfCarriers({ modules }: ModuleList): string {
  return inputState(
    carriers.flatMap((name) => {
      const entry = modules.get(name);
      return entry ? [fileOf(entry)] : [];
    }),
  );
}
