import type { ExecutionContext } from 'ava';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { native } from '../../src/native.ts';
import type { Native } from '../../src/native.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith, toolPath } from '../requirements.ts';

/* The addon's mounting, in processes with a mount namespace of their own: see mounting-alone.ts. */

const run = promisify(execFile);
const alone = join(dirname(fileURLToPath(import.meta.url)), 'mounting-alone.js');
const needs = ['root', 'mount', 'addon', 'tool:unshare', 'tool:mount', 'tool:umount'] as const;
const testMount = testWith(needs);
const testHelper = testWith([...needs, 'tool:python3']);

/** Nothing may wait for a mount that nobody serves; a scenario that does is ended, in milliseconds. */
const patience = 60_000;

interface Circumstances {
  /** PATH, instead of this process' own. */
  readonly path?: string;
  /** A command to run it by. */
  readonly wrapper?: readonly string[];
}

/** A new folder that everybody may enter, with an empty mountpoint in it. */
function place(t: ExecutionContext): { folder: string; mountpoint: string } {
  const { path: folder, remove } = temporaryFolder();
  t.teardown(remove);
  chmodSync(folder, 0o755);
  const mountpoint = join(folder, 'a mount');
  mkdirSync(mountpoint);
  return { folder, mountpoint };
}

async function scenario(
  name: string,
  mountpoint: string,
  circumstances: Circumstances = {},
): Promise<unknown> {
  const env = { ...process.env, PATH: circumstances.path ?? process.env['PATH'] };
  const command = [...(circumstances.wrapper ?? []), process.execPath, alone, name, mountpoint];
  const { stdout } = await run(
    toolPath('unshare') ?? 'unshare',
    ['--mount', '--propagation', 'private', ...command],
    { env, timeout: patience, killSignal: 'SIGKILL' },
  );
  return JSON.parse(stdout);
}

const mounted = {
  type: 'fuse.ikfs',
  closesOnExec: true,
  // Nothing is taken for the mount's own answer: there is no server.
  afterClose: 'ENOTCONN',
  stillThere: true,
};

testMount('mounts read-only, nosuid and nodev, and closing the descriptor ends the connection', async (t) => {
  const { mountpoint } = place(t);
  const result = (await scenario('mount', mountpoint)) as { flags: string[]; options: string };
  t.like(result, mounted);
  t.deepEqual(result.flags.slice(0, 3), ['ro', 'nosuid', 'nodev']);
  t.false(result.flags.includes('noexec'));
  t.is(result.options, 'ro,user_id=0,group_id=0,default_permissions,allow_other');
});

testMount('keeps other users out unless they are allowed', async (t) => {
  const { mountpoint } = place(t);
  const result = await scenario('mountForOneself', mountpoint);
  t.like(result, { ...mounted, options: 'ro,user_id=0,group_id=0,default_permissions' });
});

testMount('says what is wrong with a mountpoint', async (t) => {
  const { mountpoint } = place(t);
  const codes = (await scenario('mountWrongly', mountpoint)) as { code: string }[];
  t.deepEqual(
    codes.map(({ code }) => code),
    ['not-found', 'wrong-kind', 'not-found'],
  );
});

testMount('unmounts, and says when nothing is mounted', async (t) => {
  const { mountpoint } = place(t);
  t.deepEqual(await scenario('unmount', mountpoint), ['unmounted', null, 'not-mounted']);
});

testMount('unmounts a dead mount', async (t) => {
  const { mountpoint } = place(t);
  t.deepEqual(await scenario('unmountDead', mountpoint), ['unmounted', 'answers']);
});

testMount('leaves a busy mount alone, unless it is to be unmounted lazily', async (t) => {
  const { mountpoint } = place(t);
  t.deepEqual(await scenario('unmountBusy', mountpoint), {
    refused: { code: 'io', message: 'unmounting: Device or resource busy' },
    lazily: 'unmounted',
    afterwards: 'answers',
  });
});

testMount('unmounts while everything else waits for the mount', async (t) => {
  const { mountpoint } = place(t);
  t.deepEqual(await scenario('unmountStuck', mountpoint), { unmounted: 'unmounted', codes: ['ENOTCONN'] });
});

testMount('takes over a mounted descriptor', async (t) => {
  const { mountpoint } = place(t);
  t.like(await scenario('takeOver', mountpoint), { ...mounted, type: 'fuse', same: true });
});

testMount('takes over no other descriptor', async (t) => {
  const { mountpoint } = place(t);
  const refused = (await scenario('takeOverWrongly', mountpoint)) as { code: string; message: string }[];
  t.true(refused.every(({ code }) => code === 'usage'));
  t.deepEqual(
    refused.map(({ message }) => message.replace(/^descriptor \d+ /, '')),
    [
      'has no mount',
      'is not an open /dev/fuse',
      'is not open',
      'is a standard stream',
      ...Array<string>(3).fill('/dev/fd/ must be followed by the number of a descriptor'),
    ],
  );
});

testMount('a user without fusermount3 is told what to do', async (t) => {
  const { folder, mountpoint } = place(t);
  const result = (await scenario('user', mountpoint, { path: folder })) as Record<string, unknown>;
  t.like(result['mount'], { code: 'unavailable' });
  t.regex((result['mount'] as Error).message, /may not mount\. .*install fusermount3/);
  t.like(result['unmount'], { code: 'unavailable' });
  t.regex((result['unmount'] as Error).message, /may not unmount\. /);
  t.is(result['nothing'], 'not-mounted');
});

testWith([...needs, 'tool:setpriv'])('so is root without the capability to mount', async (t) => {
  const { folder, mountpoint } = place(t);
  const result = await scenario('mountWithoutRight', mountpoint, {
    path: folder,
    wrapper: [toolPath('setpriv') ?? 'setpriv', '--bounding-set', '-sys_admin'],
  });
  t.like(result, { code: 'unavailable' });
  t.regex((result as Error).message, /CAP_SYS_ADMIN/);
});

/**
 * Puts a program in the place of fusermount3: Python that is run with root's rights. It is the system's Python,
 * because a user may not be able to reach others.
 */
function installHelper(folder: string, name: string, program: string): void {
  const start = `#!/usr/bin/python3\nimport json, os, socket, subprocess, sys\nos.seteuid(0)\n`;
  writeFileSync(join(folder, name), start + program);
  chmodSync(join(folder, name), 0o755);
}

/** Mounts and unmounts as fusermount3 does, and notes down how it was called. */
const honestHelper = (log: string): string => `
with open(${JSON.stringify(log)}, 'a') as log:
    log.write(json.dumps([sys.argv[1:], sorted(set(os.environ) - {'LC_CTYPE'})]) + '\\n')
mountpoint = sys.argv[-1]
if '-u' in sys.argv:
    sys.exit(subprocess.call(['${toolPath('umount')}', '-i', '-l', mountpoint]))
device = os.open('/dev/fuse', os.O_RDWR)
options = f'ro,nosuid,nodev,fd={device},rootmode=40000,user_id=65534,group_id=0,allow_other'
mount = ['${toolPath('mount')}', '-i', '-t', 'fuse.ikfs', '-o', options, 'ikfs', mountpoint]
subprocess.run(mount, pass_fds=[device], check=True)
socket.send_fds(socket.socket(fileno=int(os.environ['_FUSE_COMMFD'])), [b'\\0'], [device])
`;

for (const name of ['fusermount3', 'fusermount']) {
  testHelper(`a user mounts and unmounts with ${name}`, async (t) => {
    const { folder, mountpoint } = place(t);
    const log = join(folder, 'calls');
    installHelper(folder, name, honestHelper(log));
    const result = await scenario('userWithHelper', mountpoint, { path: `relative::${folder}` });
    t.like(result, { mount: mounted, unmounted: ['unmounted', 'not-mounted'], afterwards: null });
    const options = 'ro,nosuid,nodev,default_permissions,fsname=ikfs,subtype=ikfs,allow_other';
    const calls = readFileSync(log, 'utf8').trim().split('\n');
    t.deepEqual(
      calls.map((line) => JSON.parse(line) as unknown),
      [
        [
          ['-o', options, '--', mountpoint],
          ['PATH', '_FUSE_COMMFD'],
        ],
        [
          ['-u', '-z', '--', mountpoint],
          ['PATH', '_FUSE_COMMFD'],
        ],
      ],
    );
  });
}

const refusals: readonly (readonly [title: string, program: string, code: string, message: string])[] = [
  [
    'what fusermount3 complains of is passed on',
    `print('fusermount3: user has no write access', file=sys.stderr)\nprint(' to it ')\nsys.exit(1)`,
    'denied',
    'fusermount3: user has no write access; to it',
  ],
  [
    'fusermount3 that hands nothing over is a failure',
    '',
    'denied',
    '/fusermount3 failed and does not say why',
  ],
  [
    'fusermount3 must hand over /dev/fuse',
    `socket.send_fds(socket.socket(fileno=3), [b'0'], [os.open('/dev/null', os.O_RDWR)])`,
    'io',
    '/fusermount3 handed over something else than /dev/fuse',
  ],
];

for (const [title, program, code, message] of refusals) {
  testHelper(title, async (t) => {
    const { folder, mountpoint } = place(t);
    installHelper(folder, 'fusermount3', program);
    const result = (await scenario('userRefused', mountpoint, { path: folder })) as Record<string, string>;
    t.is(result['code'], code);
    // Python's output to its two streams has no order of its own.
    const said = (result['message'] ?? '').replace(folder, '').split('; ').sort();
    t.deepEqual(said, message.split('; ').sort());
  });
}

testWith(['addon'])('a path that is not absolute is no mountpoint', (t) => {
  const { mounting } = native as Native;
  for (const path of ['', 'here', '/a\0b'])
    t.throws(() => mounting.mount(path, false), { instanceOf: TypeError });
  t.throws(() => mounting.unmount('here', true), { instanceOf: TypeError });
});
