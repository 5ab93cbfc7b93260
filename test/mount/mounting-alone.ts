/*
 * What native-mount.test.ts wants done in a process and a mount namespace of its own, so that no mount is left
 * behind: `mounting-alone.js SCENARIO MOUNTPOINT` prints what came of it as JSON. Nobody serves these mounts.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, fstat, openSync, readFileSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Native } from '../../src/native.ts';
import { native } from '../../src/native.ts';

const { mounting } = native as Native;

/** O_PATH and O_CLOEXEC of open(2), which Node does not name; the same on all architectures of Node. */
const pathOnly = 0o10000000;
const closeOnExec = 0o2000000;

const nobody = 65534;

/** The topmost mount on a path, by the mount table only. */
function mountAt(path: string): { type: string; flags: readonly string[]; options: string } | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const escaped = path.replaceAll(' ', '\\040');
  const line = lines.findLast((each) => each.split(' ')[4] === escaped);
  if (line === undefined) return undefined;
  const [before = '', after = ''] = line.split(' - ');
  const [type = '', , options = ''] = after.split(' ');
  return { type, flags: (before.split(' ')[5] ?? '').split(','), options };
}

/** What stat(2) says of a path. */
function look(path: string): string {
  try {
    statSync(path);
    return 'answers';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

async function rejection(promise: Promise<unknown>): Promise<{ code: unknown; message: string }> {
  try {
    return { code: 'none', message: JSON.stringify(await promise) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { code, message };
  }
}

/** Looks, then closes the descriptor and looks again. */
function describe(mountpoint: string, device: number): Record<string, unknown> {
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${device}`, 'utf8'))?.[1] ?? '0';
  const mount = mountAt(mountpoint);
  closeSync(device);
  return {
    ...mount,
    closesOnExec: (Number.parseInt(flags, 8) & closeOnExec) !== 0,
    afterClose: look(mountpoint),
    stillThere: mountAt(mountpoint) !== undefined,
  };
}

const scenarios: Readonly<Record<string, (mountpoint: string) => Promise<unknown>>> = {
  async mount(mountpoint) {
    return describe(mountpoint, await mounting.mount(mountpoint, true));
  },

  async mountForOneself(mountpoint) {
    return describe(mountpoint, await mounting.mount(mountpoint, false));
  },

  async mountWrongly(mountpoint) {
    return [
      await rejection(mounting.mount(`${mountpoint}/missing`, false)),
      await rejection(mounting.mount(process.execPath, false)),
      await rejection(mounting.unmount(`${mountpoint}/missing`, false)),
    ];
  },

  async unmount(mountpoint) {
    await mounting.mount(mountpoint, false);
    const first = await mounting.unmount(mountpoint, false);
    return [first, mountAt(mountpoint) ?? null, await mounting.unmount(mountpoint, false)];
  },

  async unmountDead(mountpoint) {
    closeSync(await mounting.mount(mountpoint, false));
    return [await mounting.unmount(mountpoint, false), look(mountpoint)];
  },

  async unmountBusy(mountpoint) {
    await mounting.mount(mountpoint, false);
    openSync(mountpoint, pathOnly);
    return {
      refused: await rejection(mounting.unmount(mountpoint, false)),
      lazily: await mounting.unmount(mountpoint, true),
      afterwards: look(mountpoint),
    };
  },

  /** All threads of libuv's pool, and more calls than it has threads, wait for an answer of the mount. */
  async unmountStuck(mountpoint) {
    const device = await mounting.mount(mountpoint, false);
    const inside = openSync(mountpoint, pathOnly);
    const stuck = Array.from({ length: 40 }, () => rejection(promisify(fstat)(inside)));
    const unmounted = await mounting.unmount(mountpoint, true);
    closeSync(device);
    const codes = (await Promise.all(stuck)).map(({ code }) => code);
    return { unmounted, codes: [...new Set(codes)] };
  },

  async takeOver(mountpoint) {
    const device = openSync('/dev/fuse', 'r+');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'elsewhere', mountpoint], {
      stdio: ['ignore', 'ignore', 'inherit', device],
    });
    const taken = await mounting.mount(`/dev/fd/${device}`, false);
    return { same: taken === device, ...describe(mountpoint, taken) };
  },

  async takeOverWrongly() {
    const unmounted = openSync('/dev/fuse', 'r+');
    const other = openSync('/dev/null', 'r+');
    const numbers = [unmounted, other, 999, 0, 'x', '-1', ''];
    return Promise.all(numbers.map((number) => rejection(mounting.mount(`/dev/fd/${number}`, false))));
  },

  async mountWithoutRight(mountpoint) {
    return rejection(mounting.mount(mountpoint, false));
  },

  /** As a user, for whom no helper is installed. */
  async user(mountpoint) {
    process.seteuid?.(nobody);
    const mount = await rejection(mounting.mount(mountpoint, false));
    const nothing = await mounting.unmount(mountpoint, false);
    process.seteuid?.(0);
    await mounting.mount(mountpoint, false);
    process.seteuid?.(nobody);
    const unmount = await rejection(mounting.unmount(mountpoint, false));
    return { mount, nothing, unmount };
  },

  /** As a user, whose helper gets root's rights back as a set-user-ID program has them: the real user is root. */
  async userWithHelper(mountpoint) {
    process.seteuid?.(nobody);
    const device = await mounting.mount(mountpoint, true);
    const mount = describe(mountpoint, device);
    const unmounted = [await mounting.unmount(mountpoint, true), await mounting.unmount(mountpoint, false)];
    return { mount, unmounted, afterwards: mountAt(mountpoint) ?? null };
  },

  async userRefused(mountpoint) {
    process.seteuid?.(nobody);
    return rejection(mounting.mount(mountpoint, true));
  },
};

const [name = '', mountpoint = ''] = process.argv.slice(2);
console.log(JSON.stringify(await scenarios[name]?.(mountpoint)));
