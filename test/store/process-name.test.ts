import test from 'ava';
import { spawn } from 'node:child_process';
import { mayRun, thisProcess } from '../../src/store/process-name.ts';

const [boot = '', space = '', id = '', started = ''] = thisProcess.split('-');

test('this process runs, whatever stands behind its name', (t) => {
  t.true(mayRun(thisProcess));
  t.true(mayRun(`${thisProcess}-0123456789ab`));
});

test('a process of another boot, or one whose id another has by now, runs no more', (t) => {
  t.false(mayRun([boot === '00000000' ? '11111111' : '00000000', space, id, started].join('-')));
  t.false(mayRun([boot, space, id, String(Number(started) - 1)].join('-')));
});

test('of a process of another PID namespace nobody knows', (t) => {
  t.true(mayRun([boot, String(Number(space) + 1), '4000000', '1'].join('-')));
});

test('what /proc does not tell is not held against a process', (t) => {
  t.true(mayRun(`--${id}-`));
});

test('what is no name of a process is none', (t) => {
  for (const name of ['', 'x', 'blobs', `${boot}-${space}`, `${boot}-${space}-x-1`])
    t.false(mayRun(name), name);
});

test('a process that has ended runs no more', async (t) => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('exit', resolve));
  t.false(mayRun(`${boot}-${space}-${child.pid}-`));
});
