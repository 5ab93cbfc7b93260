import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../daemon/commands/all.ts';
import { exitCodeOf, exitCodes } from '../../daemon/exit-code.ts';
import { errorCodes } from '../../src/errors.ts';
import { packageRoot } from '../../src/native.ts';
import { assertOneLine, ikfs } from './ikfs.ts';

test('help lists every command and every exit status, and fits a terminal', async (t) => {
  const { status, stdout } = await ikfs(['--help']);
  t.is(status, 0);
  const help = stdout.toString();
  for (const { name, summary } of commands) t.regex(help, new RegExp(`^  ${name} +${summary}$`, 'm'));
  for (const [code, meaning] of Object.entries(exitCodes)) t.true(help.includes(`  ${code}  ${meaning}\n`));
  t.true(help.split('\n').every((line) => line.length <= 80));
});

for (const command of commands) {
  test(`${command.name} --help names every option of it, as ikfs help ${command.name} does`, async (t) => {
    const { status, stdout } = await ikfs([command.name, '--help']);
    t.is(status, 0);
    const help = stdout.toString();
    t.true(help.startsWith(`Usage: ikfs ${command.name}`));
    for (const option of command.options) t.regex(help, new RegExp(`--(\\[no-\\])?${option}\\b`));
    t.true(help.split('\n').every((line) => line.length <= 80));
    t.is((await ikfs(['help', command.name])).stdout.toString(), help);
  });
}

test('the version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  t.is((await ikfs(['--version'])).stdout.toString(), `ikfs ${version}\n`);
});

test('without a command there is help on standard error, and failure', async (t) => {
  const { status, stdout, stderr } = await ikfs([]);
  t.is(status, 2);
  t.is(stdout.toString(), '');
  t.regex(stderr, /^Usage: ikfs COMMAND/);
});

const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
  [['mout'], /unknown command 'mout'/],
  [['--frob'], /unknown option '--frob'/],
  [['help', 'mout'], /unknown command 'mout'/],
  [['ls', '--frob'], /unknown option '--frob'/],
  [['ls', '--json=3'], /'--json' does not take an argument/],
  [['ls', '--sysroot'], /'--sysroot <value>' argument missing/],
  [['ls', '--sysroot', '--json'], /'--sysroot' argument is ambiguous/],
  [['ls', '--image='], /--image needs a value/],
  [['cat'], /too few operands/],
  [['mount', 'a', 'b'], /unexpected operand 'b'/],
  [['mount', '--transport', 'pigeon'], /unknown transport 'pigeon'/],
  [['modules', '--sort', 'colour'], /unknown order 'colour'/],
  [['extract', 'x'], /needs --output/],
  [['extract', '-o', '-'], /needs something to extract/],
  [['extract', '--what', 'headers,fun', '-o', '-'], /does not know 'fun'/],
];

for (const [args, line] of mistakes) {
  test(`ikfs ${args.join(' ')}: one line, and exit status 2`, async (t) => {
    const run = await ikfs(args);
    assertOneLine(t, run, 2, line);
    t.regex(run.stderr, /; see ikfs --help\n$/);
  });
}

test('every error has an exit status that is not success', (t) => {
  for (const code of errorCodes) t.true(exitCodeOf[code] > 0, code);
});
