/* Real mounts of the fixture tree, served by a process of its own (serve-fixture.ts). */
import type { ExecutionContext } from 'ava';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Need } from '../requirements.ts';

/** Runs a command, and gives what it writes. Its complaints are in English. */
export const run = promisify(execFile);
const english = { ...process.env, LC_ALL: 'C' };

const serverPath = join(dirname(dirname(fileURLToPath(import.meta.url))), 'transport', 'serve-fixture.js');

export type TransportName = 'kernel' | 'fuse-native';

/** What a real mount with a transport needs. */
export const needsOf: Readonly<Record<TransportName, readonly Need[]>> = {
  kernel: ['root', 'mount', 'addon'],
  'fuse-native': ['root', 'mount', 'fuse-native'],
};

type Event = Record<string, unknown>;

/** The process that serves a mount. */
export class FixtureServer {
  readonly process: ChildProcess;
  readonly #events: AsyncIterator<string>;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = '', ...args] = command;
    this.process = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    if (!this.process.stdout) throw new Error('no stdout');
    this.#events = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** The next event that has this key; events before it are dropped. */
  async event(key: string): Promise<Event> {
    for (;;) {
      const line = await this.#events.next();
      if (line.done) throw new Error(`the server ended before it said '${key}'`);
      const event = JSON.parse(line.value) as Event;
      if (key in event) return event;
      if ('refused' in event) throw new Error(`the server does not mount: ${line.value}`);
    }
  }

  /** Sends a command, and gives what is under the key of its answer. */
  async ask(command: string, key = 'done'): Promise<unknown> {
    this.process.stdin?.write(`${command}\n`);
    return (await this.event(key))[key];
  }

  /** Lets the process end, and waits until it has. @returns its exit status, null after a signal */
  async exited(): Promise<number | null> {
    this.process.stdin?.end();
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }
}

/** An empty folder with an awkward name, with nothing mounted there after the test. */
export async function emptyFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ikfs mount,'));
  t.teardown(async () => {
    await run('umount', ['-l', folder]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

/** In which circumstances a server is started. */
export interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the server. */
  readonly wrapper?: readonly string[];
  readonly readers?: number;
}

/** Starts a server, whether it will mount or not. */
export function serve(
  t: ExecutionContext,
  transport: TransportName,
  mountpoint: string,
  { env = {}, wrapper = [], readers }: Circumstances = {},
): FixtureServer {
  const args = [transport, mountpoint, ...(readers === undefined ? [] : [String(readers)])];
  const server = new FixtureServer([...wrapper, process.execPath, serverPath, ...args], env);
  t.teardown(() => server.process.kill('SIGKILL'));
  return server;
}

/** A live mount of the fixture tree. */
export interface FixtureMount {
  readonly mountpoint: string;
  readonly server: FixtureServer;
}

/** Mounts the fixture tree in a new folder. */
export async function mountFixture(
  t: ExecutionContext,
  transport: TransportName,
  circumstances?: Circumstances,
): Promise<FixtureMount> {
  const mountpoint = await emptyFolder(t);
  const server = serve(t, transport, mountpoint, circumstances);
  await server.event('mounted');
  return { mountpoint, server };
}

/** What a command line of sh writes that runs in the mount. */
export async function shell(mountpoint: string, script: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', script], { cwd: mountpoint, maxBuffer: 1 << 24, env: english });
  return stdout;
}

/** What a command line that fails writes to stderr. */
export async function complaint(mountpoint: string, script: string): Promise<string> {
  try {
    await shell(mountpoint, script);
    return 'it did not fail';
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

/** The line of a mount in /proc/mounts; undefined when there is none. */
export async function mountLine(mountpoint: string): Promise<string | undefined> {
  const { stdout } = await run('cat', ['/proc/mounts']);
  const shown = mountpoint.replaceAll(' ', '\\040');
  return stdout.split('\n').find((line) => line.split(' ')[1] === shown);
}

/** Asks again until the answer is right; a test that waits for ever ends by ava's timeout. */
export async function until(isRight: () => Promise<boolean>): Promise<void> {
  while (!(await isRight())) await pause(50);
}

/** A program that keeps a file of the mount open until its stdin ends. */
export async function holdOpen(t: ExecutionContext, path: string): Promise<ChildProcess> {
  const client = spawn('sh', ['-c', 'exec 3< "$1"; echo open; read line', 'sh', path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => client.kill('SIGKILL'));
  await once(client.stdout, 'data');
  return client;
}

/** A program that reads slow/file, once it waits for it to be made. */
export async function waitForSlowFile(
  t: ExecutionContext,
  { mountpoint, server }: FixtureMount,
): Promise<ChildProcess> {
  const client = spawn('cat', [join(mountpoint, 'slow', 'file')], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => client.kill('SIGKILL'));
  await until(async () => (await server.ask('made', 'made')) === 1);
  return client;
}
