/*
 * Command lines of ikfs-exec (native/namespace/), with what comes of them. What it makes of paths in more detail is
 * tested in test/native/namespace.test.ts; here it is run as sanitizers have built it.
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** daemon/exit-code.ts: this machine, or the command line, lacks something. */
const unavailable = 4;

/** How long a guard may take to clean up, in milliseconds. */
const patience = 20_000;

/** A user other than root, who has no rights. */
const nobody = 65_534;

/** Directories, a file and a link that things are laid over. */
function makeWorld() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ikfs-exec-')));
  for (const name of ['system', 'system/folder', 'shown', 'shown/tree', 'mount'])
    mkdirSync(join(folder, name));
  for (const name of ['system/file', 'shown/file', 'shown/tree/leaf']) {
    writeFileSync(join(folder, name), `${name}\n`);
  }
  symlinkSync('nowhere', join(folder, 'system/link'));
  return folder;
}

/** @returns what is run, and the status and the text that it must end with */
function linesIn(folder) {
  const [system, shown] = [join(folder, 'system'), join(folder, 'shown')];
  const cover = ['--cover', system];
  const bind = ['--bind', `${shown}/file`];
  const far = `${system}/${'deep/'.repeat(900)}leaf`;
  const shell = (script) => ['--', 'sh', '-c', script];
  const wrong = (args, said) => ({ args, status: unavailable, said });
  return [
    wrong([], /wants -- PROGRAM/),
    wrong(['--'], /wants -- PROGRAM/),
    wrong(['--bind', 'x'], /wants more after --bind/),
    wrong(['--cover'], /wants more after --cover/),
    wrong(['--guard', 'x'], /wants more after --guard/),
    wrong(['--order'], /wants more after --order/),
    wrong(['-x', ...shell('true')], /knows no -x/),
    { args: ['--', join(folder, 'none')], status: 127, said: /No such file/ },
    { args: ['--', folder], status: 126, said: /denied/ },
    {
      args: [
        ...[...cover, ...bind, `${system}/added`, ...bind, `${system}/file`],
        ...['--bind', `${shown}/tree`, `${system}/link`, '--link', '../x', `${system}/new/deeper/pointer`],
        ...shell(`cd ${system} && cat added file link/leaf && readlink new/deeper/pointer`),
      ],
      status: 0,
      out: 'shown/file\nshown/file\nshown/tree/leaf\n../x\n',
    },
    {
      args: [...cover, ...bind, far, '--link', 'x', far, ...shell('echo run')],
      status: 0,
      out: 'run\n',
      said: /not laid over: .*deep.*too long/,
    },
    {
      args: [
        ...['--cover', join(folder, 'none'), '--cover', `${system}/file`, '--cover', `${system}/link`],
        ...[...bind, `${system}/none`, '--bind', join(folder, 'none'), `${system}/file`],
        ...['--link', 'x', `${system}/file`, '--link', 'x', `${system}/none/x`, ...shell('echo run')],
      ],
      status: 0,
      out: 'run\n',
      said: /^(ikfs: not laid over: .*\n){7}$/,
    },
    // In a user namespace, where users may make one.
    {
      args: [...cover, ...bind, `${system}/added`, ...shell(`cat ${system}/added; id -u`)],
      user: nobody,
      status: 0,
      out: `shown/file\n${nobody}\n`,
      orRefused: true,
    },
  ];
}

/** Runs a program with a pipe as descriptor 3. @returns what it ended with, and the pipe */
async function run(program, args, { environment, user }) {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    cwd: '/',
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  const text = ['', '', ''];
  for (const number of [1, 2]) child.stdio[number].on('data', (bytes) => (text[number] += bytes));
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
  return { status, out: text[1], said: text[2], pipe: child.stdio[3] };
}

/** What is wrong with what came of a line; undefined for nothing. */
function wrongWith({ status, out = '', said = /^$/, orRefused }, found) {
  if (orRefused && found.status === unavailable && /may make no mount namespace/.test(found.said))
    return undefined;
  if (found.status !== status) return `status ${found.status} and not ${status}: ${found.said}`;
  if (found.out !== out) return `put out ${JSON.stringify(found.out)}`;
  return said.test(found.said) ? undefined : `said ${found.said}`;
}

/** The guard of a mount that never came ends the daemon and takes the directory away. */
async function guardLine(program, folder, options) {
  const mountpoint = join(folder, 'mount');
  const { status, said, pipe } = await run(
    program,
    ['--guard', mountpoint, '3', '--', '/bin/sh', '-c', `exec sleep ${patience / 1000} >/dev/null 2>&1`],
    options,
  );
  pipe.destroy();
  for (const end = Date.now() + patience / 2; existsSync(mountpoint) && Date.now() < end;) await delay(20);
  if (status === 0 && !existsSync(mountpoint)) return undefined;
  return `--guard ended with ${status}, and its directory is ${existsSync(mountpoint) ? 'there' : 'gone'}: ${said}`;
}

/**
 * Runs ikfs-exec with good and bad command lines.
 * @param environment what its sanitizer needs
 * @returns how many there were, and what is wrong; why they were left out where this user may make no namespaces
 */
export async function runExecLines(program, environment) {
  const isRoot = process.getuid() === 0;
  const probe = await run(program, ['--', 'true'], { environment });
  if (probe.status === unavailable) return { count: 0, wrong: [], skipped: probe.said.trim() };
  const folder = makeWorld();
  try {
    if (isRoot) {
      chmodSync(folder, 0o755);
      chownSync(join(folder, 'system'), nobody, nobody);
    }
    const lines = linesIn(folder).filter(({ user }) => user === undefined || isRoot);
    const wrong = [];
    for (const line of lines) {
      const found = await run(program, line.args, { environment, user: line.user });
      const complaint = wrongWith(line, found);
      if (complaint) wrong.push(`${line.args.join(' ').slice(0, 300)}: ${complaint}`);
    }
    const guarded = await guardLine(program, folder, { environment });
    if (guarded) wrong.push(guarded);
    return { count: lines.length + 1, wrong, skipped: undefined };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
