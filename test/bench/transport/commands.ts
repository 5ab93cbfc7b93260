import { spawnSync } from 'node:child_process';

/** Where a command runs, and the statuses that count as success; 0 unless given. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly succeeds?: readonly number[];
}

/**
 * Runs a command to its end.
 * @returns what it wrote to standard output
 * @throws Error with what it complained of, when it can not be run or fails
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): string {
  const result = spawnSync(command, args, {
    cwd: options.cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  check(command, result, options, result.stderr);
  return result.stdout;
}

/**
 * Runs a command with its output thrown away.
 * @returns its wall time in seconds, from before it is started until it has ended
 * @throws Error when it can not be run or fails
 */
export function timeCommand(command: string, args: readonly string[], options: CommandOptions = {}): number {
  const started = performance.now();
  const result = spawnSync(command, args, { cwd: options.cwd, stdio: 'ignore' });
  const seconds = (performance.now() - started) / 1000;
  check(command, result, options, '');
  return seconds;
}

function check(
  command: string,
  result: { readonly error?: Error; readonly status: number | null; readonly signal: string | null },
  { succeeds = [0] }: CommandOptions,
  complaint: string,
): void {
  if (result.error) throw new Error(`${command} can not be run: ${result.error.message}`);
  if (result.status !== null && succeeds.includes(result.status)) return;
  throw new Error(`${command} ended with ${result.status ?? result.signal}: ${complaint.trim()}`);
}
