/* The shell scripts of systemd/, by shells and by shellcheck. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { packageRoot } from '../../src/native.ts';
import { testWith, toolPath } from '../requirements.ts';

const scripts = ['openrc/ikfs'].map((name) => join(packageRoot, 'systemd', name));

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
