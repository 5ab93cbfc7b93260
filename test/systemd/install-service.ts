import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

/** Where compiled output lies. */
export const compiled: string = dirname(dirname(import.meta.dirname));

/** What a command said, and how it ended. */
export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the script behind `npm run install-service`. */
export function installService(args: readonly string[]): Said {
  return spawnSync(process.execPath, [join(compiled, 'daemon', 'install-service.js'), ...args], {
    encoding: 'utf8',
  });
}
