import { statSync } from 'node:fs';
import { identityOf } from '../bytes/file-identity.ts';

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
