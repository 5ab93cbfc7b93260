import type { ExecutionContext } from 'ava';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fixtureModified } from '../tree-fixture.ts';
import { testWith } from '../requirements.ts';

/*
 * Real mounts, seen through the programs that users have. The tree is served by a process of its own
 * (serve-fixture.ts), and looked at through child processes.
 */

const run = promisify(execFile);
const testMount = testWith(['root', 'mount', 'fuse-native']);
const serverPath = join(dirname(dirname(fileURLToPath(import.meta.url))), 'transport', 'serve-fixture.js');

type Event = Record<string, unknown>;

class Server {
  readonly process: ChildProcess;
  readonly #events: AsyncIterator<string>;

  /** @param wrapper a command that runs the server in other circumstances */
  constructor(mountpoint: string, env: NodeJS.ProcessEnv, wrapper: readonly string[]) {
    const [command, ...args] = [...wrapper, process.execPath, serverPath, mountpoint];
    this.process = spawn(command, args, {
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

  async ask(command: string, key = 'done'): Promise<Event> {
    this.process.stdin?.write(`${command}\n`);
    return this.event(key);
  }

  async exited(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
  }
}

async function emptyFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ikfs mount,'));
  t.teardown(async () => {
    await run('umount', ['-l', folder]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

function start(
  t: ExecutionContext,
  mountpoint: string,
  env: NodeJS.ProcessEnv = {},
  wrapper: readonly string[] = [],
): Server {
  const server = new Server(mountpoint, env, wrapper);
  t.teardown(() => server.process.kill('SIGKILL'));
  return server;
}

/** A live mount of the fixture tree. */
async function mounted(t: ExecutionContext): Promise<{ mountpoint: string; server: Server }> {
  const mountpoint = await emptyFolder(t);
  const server = start(t, mountpoint);
  await server.event('mounted');
  return { mountpoint, server };
}

/** Runs a command line of sh in the mount. */
async function shell(mountpoint: string, script: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', script], { cwd: mountpoint, maxBuffer: 1 << 24 });
  return stdout;
}

/** What a command line that fails writes to stderr. */
async function complaint(mountpoint: string, script: string): Promise<string> {
  try {
    await shell(mountpoint, script);
    return 'it did not fail';
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

async function mountLine(mountpoint: string): Promise<string | undefined> {
  const { stdout } = await run('cat', ['/proc/mounts']);
  const shown = mountpoint.replaceAll(' ', '\\040');
  return stdout.split('\n').find((line) => line.split(' ')[1] === shown);
}

/** Asks again until the answer is right; a test that waits for ever ends by ava's timeout. */
async function until(isRight: () => Promise<boolean>): Promise<void> {
  let right = await isRight();
  while (!right) {
    await pause(50);
    right = await isRight();
  }
}

/** A program that keeps a file of the mount open until its stdin ends. */
async function holdOpen(t: ExecutionContext, path: string): Promise<ChildProcess> {
  const client = spawn('sh', ['-c', 'exec 3< "$1"; echo open; read line', 'sh', path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => client.kill('SIGKILL'));
  await once(client.stdout, 'data');
  return client;
}

testMount('stat shows what the tree says, and the mount is read-only', async (t) => {
  const { mountpoint } = await mounted(t);
  t.regex((await mountLine(mountpoint)) ?? '', /^ikfs \S+ fuse\.ikfs ro,nosuid,nodev,/);
  const seconds = fixtureModified / 1000;
  const listing = await shell(
    mountpoint,
    "stat -c '%n: %F %a %s %u:%g %Y' big.bin build empty script source",
  );
  t.deepEqual(listing.trim().split('\n'), [
    `big.bin: regular file 644 3000001 0:0 ${seconds}`,
    `build: directory 755 0 0:0 ${seconds}`,
    `empty: regular empty file 644 0 0:0 ${seconds}`,
    `script: regular file 755 19 0:0 ${seconds}`,
    `source: symbolic link 777 5 0:0 ${seconds}`,
  ]);
  for (const command of ['echo x > new', 'echo x >> config', 'rm config', 'mkdir d', 'chmod 600 config']) {
    t.regex(await complaint(mountpoint, command), /Read-only file system/, command);
  }
});

testMount('names, types and inode numbers agree between readdir and stat', async (t) => {
  const { mountpoint } = await mounted(t);
  const listed = await shell(mountpoint, "find . -mindepth 1 -maxdepth 1 -printf '%i %y %f\\n' | sort");
  const byStat = await shell(mountpoint, "for f in $(ls -A | grep -v broken); do stat -c '%i %n' $f; done");
  const inodes = new Map(
    byStat
      .trim()
      .split('\n')
      .map((line) => line.split(' ').reverse() as [string, string]),
  );
  t.is(new Set(inodes.values()).size, inodes.size, 'no two files share a number');
  const types: Record<string, string> = {};
  for (const line of listed.trim().split('\n')) {
    const [inode = '', type = '', name = ''] = line.split(' ');
    types[name] = type;
    if (name !== 'broken') t.is(inode, inodes.get(name) ?? 'not seen by stat', name);
  }
  t.like(types, { build: 'd', config: 'f', source: 'l', 'status.json': 'f' });
  t.is((await shell(mountpoint, 'ls many | sort -u | wc -l')).trim(), '5000');
  t.is((await shell(mountpoint, 'find . -type d | wc -l')).trim(), '4', 'find descends into every directory');
});

testMount('files are read, linked, mapped and run', async (t) => {
  const { mountpoint } = await mounted(t);
  t.is(await shell(mountpoint, 'cat config'), 'CONFIG_IKCONFIG=y\n');
  t.is(await shell(mountpoint, 'cat source/a.h'), '#pragma once\n');
  t.is(await shell(mountpoint, "cat 'build/b c,d.h'"), 'x');
  t.is(await shell(mountpoint, './script'), 'ran\n');
  t.is(await shell(mountpoint, 'readlink source'), 'build\n');
  const expected = Buffer.alloc(3_000_001, 'ikfs');
  const { stdout } = await run('cat', [join(mountpoint, 'big.bin')], {
    encoding: 'buffer',
    maxBuffer: 1 << 24,
  });
  t.true(stdout.equals(expected));
  t.is(await shell(mountpoint, 'tail -c 5 big.bin'), String(expected.subarray(-5)));
});

testWith(['root', 'mount', 'fuse-native', 'tool:python3'])('mmap sees the same bytes as read', async (t) => {
  const { mountpoint } = await mounted(t);
  const script = [
    'import mmap',
    "f = open('big.bin', 'rb')",
    'm = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)',
    'print(len(m), m[:] == f.read())',
  ].join('\n');
  const { stdout } = await run('python3', ['-c', script], { cwd: mountpoint });
  t.is(stdout, '3000001 True\n');
});

testMount('each failure has its own message', async (t) => {
  const { mountpoint, server } = await mounted(t);
  t.regex(await complaint(mountpoint, 'cat nothing'), /No such file or directory/);
  t.regex(await complaint(mountpoint, 'cat config/below'), /Not a directory/);
  t.regex(await complaint(mountpoint, 'cat build'), /Is a directory/);
  t.regex(await complaint(mountpoint, 'cat broken'), /Bad message/);
  t.is((await server.event('failed'))['failed'], 'bad magic');
  t.is(await shell(mountpoint, 'cat config'), 'CONFIG_IKCONFIG=y\n');
});

testMount('what was looked up or read once is not asked for again', async (t) => {
  const { mountpoint, server } = await mounted(t);
  const script = 'cat build/a.h big.bin config > /dev/null; stat build/missing.h 2> /dev/null || true';
  await shell(mountpoint, script);
  const cold = await server.ask('requests', 'requests');
  await shell(mountpoint, script);
  t.deepEqual(await server.ask('requests', 'requests'), cold);
});

testMount('a slow artifact does not hold up other directories', async (t) => {
  const { mountpoint, server } = await mounted(t);
  const waiting = [shell(mountpoint, 'cat slow/file'), shell(mountpoint, 'cat slow/file')];
  const made = async (): Promise<unknown> => (await server.ask('requests', 'requests'))['slowFilesMade'];
  await until(async () => (await made()) === 1);
  t.is(await shell(mountpoint, 'cat build/a.h'), '#pragma once\n');
  t.is((await shell(mountpoint, 'ls -a many | wc -l')).trim(), '5002');
  await server.ask('finish');
  t.deepEqual(await Promise.all(waiting), ['made at last\n', 'made at last\n']);
  t.is(await made(), 1);
});

testMount('status.json is whole and soon current, whether its length changes or not', async (t) => {
  const { mountpoint, server } = await mounted(t);
  const read = async (): Promise<unknown> =>
    JSON.parse(await shell(mountpoint, 'cat status.json')) as unknown;
  t.deepEqual(await read(), { state: 'first' });
  const states = [{ state: 'other' }, { state: 'x'.repeat(10_000) }, { state: 'y'.repeat(10_000) }, { a: 1 }];
  for (const state of states) {
    await server.ask(`status ${JSON.stringify(state)}`);
    await until(async () => {
      const size = Number(await shell(mountpoint, 'stat -c %s status.json'));
      t.true(size > 0);
      // What is not current yet must be whole all the same: JSON.parse would throw.
      return JSON.stringify(await read()) === JSON.stringify(state);
    });
    // Nobody is between these two, so the size must be that of the bytes.
    t.regex(await shell(mountpoint, 'exec < status.json; stat -L -c %s -; wc -c'), /^(\d+)\n\1\n$/);
  }
});

testMount('unmount ends the mount while a file is open, and the process as well', async (t) => {
  const { mountpoint, server } = await mounted(t);
  const client = await holdOpen(t, join(mountpoint, 'big.bin'));
  await server.ask('unmount', 'unmounted');
  await server.exited();
  t.is(server.process.exitCode, 0);
  t.is(await mountLine(mountpoint), undefined);
  client.stdin?.end();
});

testMount('SIGTERM unmounts', async (t) => {
  const { mountpoint, server } = await mounted(t);
  server.process.kill('SIGTERM');
  await server.event('unmounted');
  await server.exited();
  t.is(await mountLine(mountpoint), undefined);
});

testMount('being unmounted by somebody else is noticed, and nothing holds the process', async (t) => {
  const { mountpoint, server } = await mounted(t);
  await run('umount', [mountpoint]);
  await server.event('ended');
  await server.exited();
  t.is(server.process.exitCode, 0);
});

testMount('what a killed server leaves behind is replaced', async (t) => {
  const { mountpoint, server } = await mounted(t);
  const client = await holdOpen(t, join(mountpoint, 'config'));
  server.process.kill('SIGKILL');
  await server.exited();
  await t.throwsAsync(stat(mountpoint), { code: 'ENOTCONN' });
  const next = start(t, mountpoint);
  await next.event('mounted');
  t.is(await shell(mountpoint, 'cat config'), 'CONFIG_IKCONFIG=y\n');
  client.stdin?.end();
});

/** What the server says when it does not mount. */
async function refusal(t: ExecutionContext, path: string, wrapper?: readonly string[]): Promise<string> {
  const { refused, message } = await start(t, path, {}, wrapper).event('refused');
  return `${String(refused)}: ${String(message)}`;
}

testMount('a mountpoint that will not do is refused with the reason', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'file'), '');
  t.regex(await refusal(t, join(folder, 'nothing')), /^not-found: /);
  t.regex(await refusal(t, join(folder, 'file')), /^wrong-kind: is not a directory/);
  t.regex(await refusal(t, folder), /^usage: is not empty/);
  const { mountpoint } = await mounted(t);
  t.regex(await refusal(t, mountpoint), /^usage: something is mounted there already/);
});

testWith(['root', 'mount', 'fuse-native', 'tool:unshare'])(
  'without /dev/fuse the reason is one sentence with what to do',
  async (t) => {
    const hideDevices = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /dev && exec "$@"', 'sh'];
    t.is(
      await refusal(t, await emptyFolder(t), hideDevices),
      'unavailable: /dev/fuse does not exist. ' +
        'Load the kernel module (modprobe fuse); a container needs --device /dev/fuse as well.',
    );
  },
);

testWith(['root', 'mount', 'fuse-native', 'tool:setpriv'])(
  'root without the right to mount is told which right is missing',
  async (t) => {
    const capabilities = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', 'env', 'PATH='];
    t.is(
      await refusal(t, await emptyFolder(t), capabilities),
      'unavailable: root may not mount in this container. It needs --cap-add SYS_ADMIN.',
    );
  },
);

testMount('a mountpoint may be a symbolic link', async (t) => {
  const [folder, other] = [await emptyFolder(t), await emptyFolder(t)];
  const linked = join(other, 'link');
  await symlink(folder, linked);
  const server = start(t, linked);
  await server.event('mounted');
  t.is(await shell(folder, 'cat config'), 'CONFIG_IKCONFIG=y\n');
  await server.ask('unmount', 'unmounted');
  t.is(await mountLine(folder), undefined);
});

testMount('libfuse is found in the package of fuse-native, in the same process', async (t) => {
  const server = start(t, await emptyFolder(t));
  const event = await server.event('mounted');
  t.is(event['process'], server.process.pid);
  t.regex(String(event['libfuse']), /libfuse\.so/);
});
