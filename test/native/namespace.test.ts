/* native/namespace/: what ikfs-exec makes of the paths of the system, without ikfs. */
import type { ExecutionContext } from 'ava';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { folderOf } from '../daemon/ikfs.ts';
import { testWith } from '../requirements.ts';

const program = join(packageRoot, 'build', 'Release', 'ikfs-exec');

const testNamespace = testWith(['addon', 'root', 'mount']);

/** A directory with a file, a link, and a directory, and other files to show. */
function worldOf(t: ExecutionContext): { system: string; shown: string } {
  const folder = realpathSync(folderOf(t));
  const [system, shown] = [join(folder, 'system'), join(folder, 'shown')];
  for (const each of [system, shown, join(system, 'folder'), join(shown, 'tree')]) mkdirSync(each);
  writeFileSync(join(system, 'file'), 'own\n');
  writeFileSync(join(system, 'folder', 'inner'), 'inner\n');
  symlinkSync('nowhere', join(system, 'link'));
  writeFileSync(join(shown, 'file'), 'shown\n');
  writeFileSync(join(shown, 'tree', 'leaf'), 'leaf\n');
  return { system, shown };
}

/** Runs a script in a namespace that was prepared by these steps. */
function run(steps: readonly string[], script: string, cwd = '/'): { status: number | null; text: string } {
  const { status, stdout } = spawnSync(program, [...steps, '--', 'sh', '-c', `(${script}) 2>&1`], {
    encoding: 'utf8',
    cwd,
  });
  return { status, text: stdout };
}

testNamespace('a covered directory keeps all that it has, takes new names, and nothing else', (t) => {
  const { system, shown } = worldOf(t);
  const { text } = run(
    [
      ...['--cover', system, '--bind', `${shown}/tree`, `${system}/new/deep/tree`],
      ...['--bind', `${shown}/file`, `${system}/added`, '--link', '../x', `${system}/new/pointer`],
    ],
    `cat file folder/inner added new/deep/tree/leaf; readlink link new/pointer;
     echo changed >file; cat file; echo no >another`,
    system,
  );
  t.is(
    text.replace(/^.*(Read-only file system)$/m, '$1'),
    'own\ninner\nshown\nleaf\nnowhere\n../x\nchanged\nRead-only file system\n',
    'the working directory is the covered one; what was there can be written to',
  );
  t.deepEqual(readdirSync(system).sort(), ['file', 'folder', 'link']);
});

testNamespace('what is there is replaced where its directory is covered, links as well', (t) => {
  const { system, shown } = worldOf(t);
  const { text } = run(
    [
      ...['--cover', system, '--bind', `${shown}/tree`, `${system}/link`],
      ...['--bind', `${shown}/file`, `${system}/file`, '--link', 'file', `${system}/folder`],
    ],
    `cat link/leaf file folder; test -L link || echo no link`,
    system,
  );
  t.is(text, 'leaf\nshown\nshown\nno link\n');
});

testNamespace('without a cover only what is there is bound over, and no link is followed', (t) => {
  const { system, shown } = worldOf(t);
  const bound = run(['--bind', `${shown}/file`, `${system}/file`], 'cat file', system);
  t.is(bound.text, 'shown\n');
  for (const at of ['link', 'missing', 'folder']) {
    const { status, stderr } = spawnSync(
      program,
      ['--bind', `${shown}/file`, `${system}/${at}`, '--', 'true'],
      { encoding: 'utf8' },
    );
    t.is(status, 0, 'the command is run all the same');
    t.regex(stderr, /^ikfs: not laid over: .*: its directory is not covered\n$/);
  }
  t.deepEqual(readdirSync(system).sort(), ['file', 'folder', 'link']);
});

testNamespace('mounts go neither way, and what is mounted below a covered directory stays', (t) => {
  const { system } = worldOf(t);
  const inner = `mount -t tmpfs inner ${system}/folder && echo kept >${system}/folder/inner &&
    exec ${program} --cover ${system} -- sh -c 'cat ${system}/folder/inner; grep -c "shared:\\|master:" /proc/self/mountinfo'`;
  const { stdout, stderr } = spawnSync('unshare', ['--mount', '--propagation', 'shared', 'sh', '-c', inner], {
    encoding: 'utf8',
  });
  t.is(stdout, 'kept\n0\n', stderr);
});
