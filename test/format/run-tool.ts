import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** What a command says on its standard output. @throws Error when its status is not 0 */
export function runTool(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error || status !== 0) {
    throw error ?? new Error(`${[command, ...args].join(' ')}: status ${String(status)}: ${stderr}`);
  }
  return stdout;
}

/** A folder of its own for a test, gone when the test ends. */
export function testFolder(t: ExecutionContext): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return (name) => join(folder, name);
}
