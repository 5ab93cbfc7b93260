/* A service manager for tests: the socket of sd_notify(3), which Node can not open, held by Python. */
import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { folderOf } from './ikfs.ts';

const program = `
import array, json, os, socket, sys
listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
address = sys.argv[1]
listening.bind('\\0' + address[1:] if address.startswith('@') else address)
print(json.dumps({'text': 'listening', 'files': []}), flush=True)
while True:
    text, files, flags, sender = socket.recv_fds(listening, 65536, 16)
    print(json.dumps({'text': text.decode(), 'files': [os.readlink(f'/proc/self/fd/{file}') for file in files]}), flush=True)
    for file in files: os.close(file)
`;

/** A message that was received. */
export interface Heard {
  /** By their names. */
  readonly values: Readonly<Record<string, string>>;
  /** What came with it, as /proc names it. */
  readonly files: readonly string[];
  /** When it was received, in milliseconds of `performance.now()`. */
  readonly at: number;
}

/** How long something may be in coming, in milliseconds. */
const patience = 120_000;

/** What listens for a service's messages until the test is over. */
export class FakeServiceManager {
  /** As NOTIFY_SOCKET has it. */
  readonly address: string;
  /** All that was heard, in order. */
  readonly heard: Heard[] = [];
  readonly #listeners = new Set<() => void>();
  #isListening = false;

  private constructor(t: ExecutionContext, address: string) {
    this.address = address;
    const python = spawn('python3', ['-c', program, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => python.kill('SIGKILL'));
    createInterface({ input: python.stdout }).on('line', (line) => {
      const { text, files } = JSON.parse(line) as { text: string; files: string[] };
      if (this.#isListening) {
        const pairs = text.split('\n').map((each) => each.split(/=(.*)/s, 2) as [string, string]);
        this.heard.push({ values: Object.fromEntries(pairs), files, at: performance.now() });
      }
      this.#isListening = true;
      for (const listener of this.#listeners) listener();
    });
  }

  /** Resolves when it listens. @param address a path of the test's own unless given */
  static async start(
    t: ExecutionContext,
    address = join(folderOf(t), 'notify'),
  ): Promise<FakeServiceManager> {
    const manager = new FakeServiceManager(t, address);
    await manager.#until('it listens', () => manager.#isListening || undefined);
    return manager;
  }

  /** What a service's environment needs. @param watchdog how often it wants to hear something, in milliseconds */
  environment(watchdog?: number): Record<string, string> {
    const waits = watchdog === undefined ? {} : { WATCHDOG_USEC: String(watchdog * 1000) };
    return { NOTIFY_SOCKET: this.address, ...waits };
  }

  /** Everything of a kind that was heard: `READY`, `STATUS` and so on. */
  all(name: string): readonly Heard[] {
    return this.heard.filter(({ values }) => name in values);
  }

  /** The names of the states that were told, in order; without those that come of themselves. */
  states(): readonly string[] {
    return this.heard
      .map(({ values }) => Object.keys(values)[0] ?? '')
      .filter((name) => !['STATUS', 'WATCHDOG', 'EXTEND_TIMEOUT_USEC'].includes(name));
  }

  /** Waits until there are as many messages of a kind. @returns the last of them */
  hear(name: string, count = 1): Promise<Heard> {
    return this.#until(`${name} is told ${count} times`, () => this.all(name)[count - 1]);
  }

  /** Waits for a status like this. */
  hearStatus(text: RegExp): Promise<Heard> {
    return this.#until(`the status is ${text}`, () =>
      this.all('STATUS').find(({ values }) => text.test(values['STATUS'] ?? '')),
    );
  }

  async #until<Result>(what: string, look: () => Result | undefined): Promise<Result> {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`it never came about that ${what}; heard: ${JSON.stringify(this.heard)}`));
      }, patience);
      const listener = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(found);
      };
      this.#listeners.add(listener);
      listener();
    });
  }
}
