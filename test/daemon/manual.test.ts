import test from 'ava';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../daemon/commands/all.ts';
import { testWith } from '../requirements.ts';
import { assertOneLine, folderOf, ikfs, start } from './ikfs.ts';

testWith(['tool:groff'])(
  'the manual page is sound, and tells of every command and every option',
  async (t) => {
    const { stdout } = await ikfs(['manual']);
    const page = join(folderOf(t), 'ikfs.8');
    writeFileSync(page, stdout);
    const shown = await start('groff', ['-man', '-Tascii', '-ww', '-P-cbou', page]);
    t.is(shown.status, 0);
    t.is(shown.stderr, '');
    const text = shown.stdout.toString();
    for (const { name, options } of commands) {
      t.regex(text, new RegExp(`^   ${name}$`, 'm'));
      for (const option of options) t.true(text.includes(`--${option}`), `${name} --${option}`);
    }
  },
);

testWith(['tool:bash'])('bash completes commands, options, and nothing else', async (t) => {
  const { stdout } = await ikfs(['completion', 'bash']);
  const complete = async (...words: string[]): Promise<string[]> => {
    const script = `${stdout.toString()}
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _ikfs
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const run = await start('bash', ['-c', script, 'bash', ...words]);
    t.is(run.stderr, '');
    return run.stdout.toString().split('\n').filter(Boolean);
  };
  t.deepEqual(await complete('ikfs', 'mo'), ['mount', 'modules', 'module-build']);
  t.deepEqual(await complete('ikfs', 'mount', '--pre'), ['--prefetch', '--prefetch-limit']);
  t.deepEqual(await complete('ikfs', 'mount', '--no-pre'), ['--no-prefetch']);
  t.deepEqual(await complete('ikfs', 'cat', '--json'), []);
  t.deepEqual(await complete('ikfs', 'cat', '/etc/host'), []);
  t.deepEqual(await complete('ikfs', 'help', 'ext'), ['extract']);
  t.deepEqual(await complete('ikfs', 'env', '--headers', 'ar'), ['archive']);
  t.deepEqual(await complete('ikfs', 'env', '--headers', '/etc/hostn'), ['/etc/hostname']);
});

for (const shell of ['zsh', 'fish'] as const) {
  testWith([`tool:${shell}`])(`${shell} takes its script`, async (t) => {
    const script = join(folderOf(t), 'script');
    writeFileSync(script, (await ikfs(['completion', shell])).stdout);
    const run = await start(shell, ['-n', script]);
    t.is(run.stderr, '');
    t.is(run.status, 0);
  });
}

test('completion for a shell that it does not know is refused', async (t) => {
  assertOneLine(t, await ikfs(['completion', 'csh']), 2, /knows bash, zsh, fish, not csh/);
});
