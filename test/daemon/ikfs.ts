import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { ikfs as script } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';

/** What a run of the command came to. */
export interface Run {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The words that run `ikfs` with these arguments. */
export function commandLine(args: readonly string[]): [string, ...string[]] {
  return [process.execPath, script, ...args];
}

/** Runs `ikfs` as a user does, with pipes for output. */
export function ikfs(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const [command, ...words] = commandLine(args);
  return start(command, words, options);
}

/** Runs a command, and resolves when it has ended and its output was read. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
  const child = spawn(command, args, { stdio, cwd: options.cwd, env: { ...process.env, ...options.env } });
  const out: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, stdout: Buffer.concat(out), stderr: Buffer.concat(complaints).toString() });
    });
  });
}

/** A folder that is gone after the test. */
export function folderOf(t: ExecutionContext): string {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  return path;
}

/** `--cache-dir` with a store that is gone after the test. */
export function ownCache(t: ExecutionContext): string[] {
  return ['--cache-dir', join(folderOf(t), 'cache')];
}

/** Asserts that a run failed with one line on standard error and nothing on standard output. */
export function assertOneLine(t: ExecutionContext, run: Run, status: number, line: RegExp): void {
  t.is(run.status, status, run.stderr);
  t.is(run.stdout.toString(), '');
  t.regex(run.stderr, /^ikfs: [^\n]*\n$/);
  t.regex(run.stderr, line);
}
