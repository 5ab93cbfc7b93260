/* The units of systemd/, by systemd's own judgement and by what was tried (systemd/README.md). */
import test from 'ava';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { folderOf } from '../daemon/ikfs.ts';
import { testWith } from '../requirements.ts';
import { installService } from './install-service.ts';

const unitFolder = join(packageRoot, 'systemd');
const unit = (name: string): string => readFileSync(join(unitFolder, name), 'utf8');
const testAnalyze = testWith(['tool:systemd-analyze']);

/** `NAME=VALUE` lines of a unit, in order. */
function settings(text: string): string[] {
  return text.split('\n').filter((line) => /^\w+=/.test(line));
}

/** Those of systemd.exec(5) that give a service a mount namespace, as systemd 252 was seen to do. */
const hiding =
  /^(PrivateMounts|ProtectSystem|ProtectHome|PrivateTmp|PrivateDevices|ProtectKernel\w+|ProtectControlGroups|ProtectProc|ProcSubset|PrivateIPC|PrivateUsers|DynamicUser|MountFlags|RootDirectory|RootImage|\w+Paths|TemporaryFileSystem|MountAPIVFS|MountImages|ExtensionImages)=/;

testAnalyze('systemd finds nothing wrong with the units, as they are installed', (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  mkdirSync(join(root, 'bin'));
  for (const name of ['usr/bin/ikfs', 'usr/bin/mount.ikfs', 'bin/sh']) {
    writeFileSync(join(root, name), '#!/bin/sh\n');
    chmodSync(join(root, name), 0o755);
  }
  // Units are judged with those that they refer to.
  const ofSystem = ['/usr/lib/systemd/system', '/lib/systemd/system'].find((path) => existsSync(path)) ?? '';
  cpSync(ofSystem, join(root, 'usr/lib/systemd/system'), { recursive: true, verbatimSymlinks: true });
  t.is(installService(['--root', root, '--init', 'systemd']).status, 0);
  cpSync(join(unitFolder, 'examples'), join(root, 'etc/systemd/system'), { recursive: true });
  for (const name of [
    ...['ikfs.service', 'ikfs@mnt-device.service'],
    ...['run-ikfs.mount', 'run-ikfs.automount'],
  ]) {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', `--root=${root}`, name], {
      encoding: 'utf8',
    });
    // What it has to say of the distribution's own units is not ours to mend.
    const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('ikfs'));
    t.deepEqual(ours, [], name);
    t.is(status, 0, `${name}: ${stderr}`);
  }
});

for (const name of ['ikfs.service', 'ikfs@.service']) {
  testAnalyze(`${name} is not more exposed than README.md says`, (t) => {
    const { stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', join(unitFolder, name)],
      { encoding: 'utf8' },
    );
    const score = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
    const recorded = new RegExp(`^\\| ${name} +\\| ([\\d.]+) +\\|$`, 'm').exec(unit('README.md'))?.[1];
    t.truthy(score, stderr);
    t.truthy(recorded);
    t.true(Number(score) <= Number(recorded), `${score ?? ''}, and ${recorded ?? ''} in README.md`);
  });
}

test('no unit that mounts has a view of the file system of its own', (t) => {
  for (const name of ['ikfs.service', 'ikfs@.service']) {
    t.deepEqual(
      settings(unit(name)).filter((line) => hiding.test(line)),
      [],
      `${name}: nobody else would see the mount`,
    );
  }
});

test('each line of ikfs.service stands below its reason', (t) => {
  const lines = unit('ikfs.service').split('\n');
  const bare = lines.filter((line, index) => {
    if (!/^\w+=/.test(line)) return false;
    const above = lines.slice(0, index).toReversed();
    // A reason may be one for several lines.
    const first = above.find((each) => !/^\w+=/.test(each)) ?? '';
    return !first.startsWith('# ');
  });
  // What the unit is, and what wants it, say so themselves.
  t.deepEqual(
    bare.filter((line) => !/^(Description|WantedBy)=/.test(line)),
    [],
  );
});

test('ikfs@.service is ikfs.service for another root', (t) => {
  const only = (one: string, other: string): string[] =>
    settings(unit(one)).filter((line) => !settings(unit(other)).includes(line));
  t.deepEqual(only('ikfs.service', 'ikfs@.service'), [
    'Description=Headers, configuration and types of the running kernel (ikfs)',
    'ExecStart=/usr/bin/ikfs mount $IKFS_OPTIONS /run/%N',
  ]);
  t.deepEqual(only('ikfs@.service', 'ikfs.service'), [
    'Description=Headers, configuration and types of the kernels in %f (ikfs)',
    'RequiresMountsFor=%f',
    'AssertPathIsDirectory=%f',
    'EnvironmentFile=-/etc/default/ikfs@%i',
    'ExecStart=/usr/bin/ikfs mount $IKFS_OPTIONS --sysroot %f /run/%N',
  ]);
});
