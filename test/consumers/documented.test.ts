/* Every command of CONSUMERS.md is run somewhere; here those that trace nothing. */
import test from 'ava';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { ikfs, run, startDaemon } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';

/** The lines of the blocks that are marked as run by tests, without the prompt. */
function documentedCommands(): string[] {
  const text = readFileSync(join(packageRoot, 'CONSUMERS.md'), 'utf8');
  const blocks = [...text.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.trimEnd().split('\n')).map((line) => line.replace(/^\$ /, ''));
}

/** Commands that test/vm/tracing.sh runs, as they trace real events: by their last words. */
const traced = /(?:execsnoop|opensnoop|tcpconnect|biosnoop)-bpfcc$|bpftrace comm\.bt$/;

/** Commands that test/daemon/exec*.test.ts runs. */
const environment = /^(?:eval "\$\(ikfs env\)"|ikfs exec -- true)$/;

const here = documentedCommands().filter((line) => !traced.test(line) && !environment.test(line));

test('every command that traces is in the script of the virtual machine', (t) => {
  const script = readFileSync(join(packageRoot, 'test', 'vm', 'tracing.sh'), 'utf8');
  const commands = documentedCommands().filter((line) => traced.test(line));
  t.is(commands.length, 5);
  for (const line of commands) {
    const words = line.split(' ').filter((word) => !word.includes('='));
    t.true(script.includes(` ${words.join(' ')} -- `), line);
  }
});

const needs = ['corpus', 'mount', 'bpftool', 'tool:pahole', 'tool:clang', 'addon'] as const;

testWith(needs)('every other command works as it is written', async (t) => {
  const daemon = await startDaemon(['--sysroot', corpusRoot()]);
  t.teardown(daemon.stop);
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  copyFileSync(join(packageRoot, 'test', 'consumers', 'program.bpf.c'), join(folder.path, 'program.bpf.c'));
  const kernel = join(daemon.mountpoint, corpusRelease);
  t.true(here.length >= 7, 'the page has fewer commands than it had');
  for (const line of here) {
    const command = line
      .replaceAll('/run/ikfs/running', kernel)
      .replace(
        /^ikfs (.*)$/,
        (_, rest: string) => `'${process.execPath}' '${ikfs}' ${rest} --sysroot '${corpusRoot()}'`,
      );
    const output = await run('sh', ['-c', `cd "$1" && ${command}`, 'sh', folder.path], {
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    });
    const writes = / (?:-o|min_core_btf) /.test(line);
    t.true(writes || output.length > 50, `${line} printed ${output}`);
    t.log(line);
  }
  t.true(statSync(join(folder.path, 'small.btf')).size > 100);
});
