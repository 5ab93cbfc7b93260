/* The shell scripts of systemd/, by shells and by shellcheck. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { packageRoot } from '../../src/native.ts';
import { folderOf } from '../daemon/ikfs.ts';
import { testWith, toolPath } from '../requirements.ts';

const scripts = ['after-stop', 'openrc/ikfs'].map((name) => join(packageRoot, 'systemd', name));

test('every script is one to sh', (t) => {
  for (const script of scripts) {
    const { status, stderr } = spawnSync('sh', ['-n', script], { encoding: 'utf8' });
    t.is(status, 0, stderr);
  }
});

testWith(['tool:busybox'])("every script is one to busybox's shell, which Alpine has", (t) => {
  for (const script of scripts) {
    const { status, stderr } = spawnSync(toolPath('busybox') ?? '', ['sh', '-n', script], {
      encoding: 'utf8',
    });
    t.is(status, 0, stderr);
  }
});

testWith(['tool:shellcheck'])('shellcheck finds nothing', (t) => {
  const { status, stdout } = spawnSync(
    'shellcheck',
    [...scripts, join(packageRoot, 'test/vm/boot-checks.sh')],
    {
      encoding: 'utf8',
    },
  );
  t.is(status, 0, stdout);
});

/** Runs after-stop with a systemctl that knows of one job, and something mounted. @returns whether it unmounts */
function unmounts(folder: string, job: string, result: string, exitStatus: string): boolean {
  for (const [name, text] of [
    ['systemctl', `echo '${job}'`],
    ['grep', 'exit 0'],
  ] as const) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const { stdout } = spawnSync(
    'sh',
    [join(packageRoot, 'systemd/after-stop'), 'ikfs.service', 'echo', 'unmount'],
    {
      encoding: 'utf8',
      env: { PATH: `${folder}:/usr/bin:/bin`, SERVICE_RESULT: result, EXIT_STATUS: exitStatus },
    },
  );
  return stdout === 'unmount\n';
}

test('after-stop unmounts unless the unit starts again', (t) => {
  const folder = folderOf(t);
  const job = (type: string): string => (type === '' ? '' : `123 ikfs.service ${type} running`);
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ['stop', 'success', '0', true],
    ['stop', 'timeout', 'KILL', true],
    ['restart', 'success', '0', false],
    ['restart', 'signal', 'KILL', false],
    // Ended by itself: unmounted from outside, or idle.
    ['', 'success', '0', true],
    ['', 'signal', 'KILL', false],
    ['', 'watchdog', 'ABRT', false],
    ['', 'exit-code', '5', false],
    ['', 'exit-code', '2', true],
    ['', 'exit-code', '4', true],
  ];
  for (const [type, result, exitStatus, expected] of cases) {
    t.is(unmounts(folder, job(type), result, exitStatus), expected, [type, result, exitStatus].join(' '));
  }
});

test('what after-stop takes for final is what the unit does not restart', (t) => {
  const unit = readFileSync(join(packageRoot, 'systemd/ikfs.service'), 'utf8');
  t.regex(unit, /^RestartPreventExitStatus=2 4$/m);
  t.regex(unit, /^Restart=on-failure$/m);
});
