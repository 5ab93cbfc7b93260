import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { temporaryFolder } from '../open-tree.ts';
import { corpusRelease } from '../real/truth.ts';
import { testWith } from '../requirements.ts';
import { machineNeeds, runInMachine } from './machine.ts';

const testInMachine = testWith(machineNeeds).serial;

testInMachine(
  "a script runs under the corpus' kernel, on a root that is the host's but for changes",
  async (t) => {
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    const trace = join(packageRoot, 'left-by-the-machine');
    const { status, output, complaints } = await runInMachine(
      `uname -r
    head -c 40 '${join(packageRoot, 'package.json')}'
    echo more >'${trace}' && echo found >found
    ls /lib/modules /boot >&2
    exit 7`,
      { folder: folder.path },
    );
    t.is(status, 7);
    t.is(output, `${corpusRelease}\n${readFileSync(join(packageRoot, 'package.json'), 'utf8').slice(0, 40)}`);
    t.is(
      complaints,
      `/boot:\nconfig-${corpusRelease}\nvmlinuz-${corpusRelease}\n\n/lib/modules:\n${corpusRelease}\n`,
    );
    t.is(readFileSync(join(folder.path, 'found'), 'utf8'), 'found\n');
    t.false(existsSync(trace));
  },
);

testInMachine('a machine that stops before its script does says what its console showed', async (t) => {
  let console = '';
  const onConsole = (text: string): void => {
    console += text;
  };
  const error = await t.throwsAsync(runInMachine('echo c >/proc/sysrq-trigger', { onConsole }));
  t.regex(error.message, /ended before the script: .*Kernel panic.*sysrq triggered crash/s);
  t.regex(console, /Kernel panic/);
});
