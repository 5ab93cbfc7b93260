/* npm run install-service and its undo, in roots that do not run. */
import test from 'ava';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { folderOf } from '../daemon/ikfs.ts';
import { testWith } from '../requirements.ts';
import { installService } from './install-service.ts';

/** A root that has what tells the init systems apart. */
function rootWith(folder: string, ...files: readonly string[]): string {
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

/** Everything below a folder. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

test('of systemd: units name the command, and undoing leaves nothing', (t) => {
  const root = rootWith(folderOf(t), 'usr/lib/systemd/systemd', 'usr/sbin/fsck');
  symlinkSync('usr/sbin', join(root, 'sbin'));
  const before = contents(root);
  const { status, stdout, stderr } = installService(['--root', root, '--command', '/opt/ikfs/bin/ikfs']);
  t.is(status, 0, stderr);
  t.deepEqual(
    contents(root).filter((path) => !before.includes(path) && statSync(join(root, path)).isFile()),
    [
      'etc/default/ikfs',
      'sbin/mount.ikfs',
      'usr/local/lib/ikfs/service.json',
      'usr/local/lib/systemd/system/ikfs.service',
      'usr/local/lib/systemd/system/ikfs@.service',
      'usr/local/lib/tmpfiles.d/ikfs.conf',
      'usr/sbin/mount.ikfs',
    ].filter((path) => path !== 'sbin/mount.ikfs' || contents(root).includes(path)),
  );
  const unit = readFileSync(join(root, 'usr/local/lib/systemd/system/ikfs.service'), 'utf8');
  t.regex(unit, /^ExecStart=\/opt\/ikfs\/bin\/ikfs mount /m);
  t.regex(unit, /^ExecStopPost=\/opt\/ikfs\/bin\/ikfs unmount /m);
  t.notRegex(unit, /\/usr\/bin\/ikfs/);
  const helper = join(root, 'usr/sbin/mount.ikfs');
  t.is(readFileSync(helper, 'utf8'), '#!/bin/sh\nexec /opt/ikfs/bin/mount.ikfs "$@"\n');
  t.is(statSync(helper).mode & 0o777, 0o755);
  t.regex(stdout, /^wrote {2}.*ikfs@\.service$/m);
  t.regex(stdout, /^Not enabled; that is: systemctl --root=\S+ enable ikfs\.service$/m);

  // A second time changes nothing, and so does undoing twice.
  t.is(installService(['--root', root, '--command', '/opt/ikfs/bin/ikfs']).status, 0);
  const undone = installService(['--root', root, '--uninstall', '--init', 'none']);
  t.is(undone.status, 0, undone.stderr);
  t.deepEqual(contents(root), before);
  const again = installService(['--root', root, '--uninstall']);
  t.is(again.status, 0, again.stderr);
  t.regex(again.stdout, /^Nothing is installed/);
});

testWith(['tool:systemctl'])('of systemd: --enable, and disabled when it is undone', (t) => {
  const root = rootWith(folderOf(t), 'usr/lib/systemd/systemd', 'etc/systemd/system/other.service');
  const before = contents(root);
  t.is(installService(['--root', root, '--enable']).status, 0);
  const wanted = join(root, 'etc/systemd/system/multi-user.target.wants/ikfs.service');
  t.is(readlinkSync(wanted), '/usr/local/lib/systemd/system/ikfs.service');
  t.is(installService(['--root', root, '--uninstall']).status, 0);
  t.deepEqual(contents(root), before);
});

test('what the administrator has changed stays', (t) => {
  const root = rootWith(folderOf(t), 'usr/lib/systemd/systemd', 'etc/systemd/system/other.service');
  const options = join(root, 'etc/default/ikfs');
  t.is(installService(['--root', root]).status, 0);
  appendFileSync(options, 'IKFS_OPTIONS="--no-cache"\n');
  const changed = readFileSync(options, 'utf8');
  const { stdout } = installService(['--root', root]);
  t.regex(stdout, /^kept {3}.*etc\/default\/ikfs$/m);
  t.is(readFileSync(options, 'utf8'), changed);
  t.is(installService(['--root', root, '--uninstall', '--init', 'none']).status, 0);
  t.is(readFileSync(options, 'utf8'), changed);
});

test('of OpenRC: one script', (t) => {
  const root = rootWith(folderOf(t), 'sbin/openrc-run');
  const before = contents(root);
  t.is(installService(['--root', root]).status, 0);
  t.is(statSync(join(root, 'etc/init.d/ikfs')).mode & 0o777, 0o755);
  t.true(existsSync(join(root, 'etc/conf.d/ikfs')));
  const script = readFileSync(join(root, 'etc/init.d/ikfs'), 'utf8');
  t.regex(script, /^command="\/usr\/bin\/ikfs"$/m);
  t.regex(script, /^command_args="mount /m);
  t.is(installService(['--root', root, '--uninstall', '--init', 'none']).status, 0);
  t.deepEqual(contents(root), before);
});

test('of neither: mount.ikfs alone, and where the files for Android go', (t) => {
  const root = folderOf(t);
  const { status, stdout } = installService(['--root', root]);
  t.is(status, 0);
  t.regex(stdout, /ikfs\.rc to \/system\/etc\/init\//);
  t.true(existsSync(join(root, 'sbin/mount.ikfs')));
  t.is(installService(['--root', root, '--uninstall']).status, 0);
  t.deepEqual(contents(root), []);
});

test('--dry-run touches nothing', (t) => {
  const root = rootWith(folderOf(t), 'usr/lib/systemd/systemd');
  const before = contents(root);
  const { status, stdout } = installService(['--root', root, '--dry-run', '--enable']);
  t.is(status, 0);
  t.regex(stdout, /^would write {2}.*ikfs\.service$/m);
  t.regex(stdout, /^would run {4}systemctl /m);
  t.deepEqual(contents(root), before);
});

test('a link of the root that leads out of it is not followed', (t) => {
  const outside = folderOf(t);
  const root = rootWith(folderOf(t), 'usr/lib/systemd/systemd');
  symlinkSync(outside, join(root, 'etc'));
  const { status, stderr } = installService(['--root', root]);
  t.not(status, 0);
  t.regex(stderr, /leads out of the root/);
  t.deepEqual(contents(outside), []);
});

test('paths that a unit could not name are refused', (t) => {
  for (const command of ['ikfs', '/opt/my programs/ikfs', '/opt/%n/ikfs']) {
    const { status, stderr } = installService(['--root', folderOf(t), '--command', command]);
    t.is(status, 2);
    t.regex(stderr, /no path that a unit can name/);
  }
});
