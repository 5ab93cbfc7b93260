/*
 * npm run install-service / uninstall-service: makes the init system of this machine, or of a root directory, know
 * ikfs, and takes that away again. In an installed package: node dist/daemon/install-service.js.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { IkfsError, asIkfsError } from '../src/errors.ts';
import { packageRoot } from '../src/native.ts';
import { exitCodeOf } from './exit-code.ts';
import { Installation } from './installation.ts';
import { logError } from './log.ts';
import { mountHelper, mountHelperText, serviceFiles, withPaths } from './service-files.ts';
import type { InitSystem, Program } from './service-files.ts';

const help = `Usage: npm run install-service [-- OPTION...]
       npm run uninstall-service [-- OPTION...]

  --root DIR      install into the system below DIR, which does not run
  --command PATH  what ikfs is called there (default with --root: /usr/bin/ikfs, and beside it
                  /usr/bin/mount.ikfs; else this Node with this ikfs)
  --init NAME     systemd, openrc or none (default: what the system has)
  --enable        start it at boot, and now unless there is --root
  --dry-run       say what would be done
`;

interface Options {
  readonly root: string;
  readonly init: InitSystem;
  readonly program: Program;
  readonly enable: boolean;
  readonly dryRun: boolean;
  readonly uninstall: boolean;
}

/** @returns undefined when help was asked for, and given */
function optionsOf(args: readonly string[]): Options | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        root: { type: 'string' },
        command: { type: 'string' },
        init: { type: 'string' },
        enable: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        uninstall: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new IkfsError('usage', `${error instanceof Error ? error.message : String(error)}; see --help`);
  }
  if (values.help) {
    process.stdout.write(help);
    return undefined;
  }
  const root = resolve(values.root ?? '/');
  return {
    root,
    init: initSystem(values.init, root),
    program: programOf(values.command ?? (root === '/' ? undefined : '/usr/bin/ikfs')),
    enable: values.enable === true,
    dryRun: values['dry-run'] === true,
    uninstall: values.uninstall === true,
  };
}

/** What starts services there. Of a running system, what does so now; of another, what is installed. */
function initSystem(name: string | undefined, root: string): InitSystem {
  if (name !== undefined) {
    if (name === 'systemd' || name === 'openrc' || name === 'none') return name;
    throw new IkfsError('usage', `--init knows systemd, openrc and none, not '${name}'`);
  }
  const has = (...paths: readonly string[]): boolean => paths.some((path) => existsSync(join(root, path)));
  if (root === '/') {
    // sd_booted(3); OpenRC's own scripts look for the same folder.
    if (has('run/systemd/system')) return 'systemd';
    return has('run/openrc') ? 'openrc' : 'none';
  }
  if (has('usr/lib/systemd/systemd', 'lib/systemd/systemd')) return 'systemd';
  return has('sbin/openrc-run', 'usr/sbin/openrc-run') ? 'openrc' : 'none';
}

function programOf(command: string | undefined): Program {
  const folder = dirname(fileURLToPath(import.meta.url));
  const program: Program =
    command === undefined
      ? {
          ikfs: [process.execPath, join(folder, 'main.js')],
          mountHelper: [process.execPath, join(folder, 'mount-helper.js')],
        }
      : { ikfs: [command], mountHelper: [join(dirname(command), 'mount.ikfs')] };
  const odd = [...program.ikfs, ...program.mountHelper].find((path) => !/^\/[\w./+@:-]+$/.test(path));
  if (odd === undefined) return program;
  throw new IkfsError(
    'usage',
    'is no path that a unit can name: absolute, and of letters, digits and ./+@:-',
    {
      path: odd,
    },
  );
}

function install(options: Options, installation: Installation): void {
  const { init, program, root } = options;
  for (const file of serviceFiles[init]) {
    const text = readFileSync(join(packageRoot, 'systemd', file.from ?? ''), 'utf8');
    installation.write(file, withPaths(text, program));
  }
  installation.write(mountHelper, mountHelperText(program));
  installation.finish();
  if (init === 'systemd' && root === '/') {
    run(options, 'systemctl', 'daemon-reload');
    run(options, 'systemd-tmpfiles', '--create', 'ikfs.conf');
  }
  if (init === 'none') {
    say(
      'No systemd and no OpenRC here, so nothing starts ikfs at boot. On Android, these go into the system image:',
    );
    say(
      `  ${join(packageRoot, 'systemd/android/ikfs.rc')} to /system/etc/init/ikfs.rc; SEPOLICY.md beside it`,
    );
  } else if (options.enable) enable(options);
  else say(`Not enabled; that is: ${enabling(options).join(' ')}`);
}

/** The command that makes ikfs start at boot, and now where the system runs. */
function enabling({ init, root }: Options): readonly [string, ...string[]] {
  if (init === 'openrc') {
    return root === '/'
      ? ['rc-update', 'add', 'ikfs', 'default']
      : ['chroot', root, 'rc-update', 'add', 'ikfs', 'default'];
  }
  return [
    'systemctl',
    ...(root === '/' ? ['enable', '--now'] : [`--root=${root}`, 'enable']),
    'ikfs.service',
  ];
}

function enable(options: Options): void {
  run(options, ...enabling(options));
  if (options.init === 'openrc' && options.root === '/') run(options, 'rc-service', 'ikfs', 'start');
}

function uninstall(options: Options, installation: Installation): void {
  const { init, root } = options;
  if (!installation.isThere) {
    say(`Nothing is installed below ${root}`);
    return;
  }
  if (init === 'systemd') {
    if (root === '/') {
      // The pattern means the instances that run; the template, those that are enabled.
      attempt(options, 'systemctl', 'stop', 'ikfs.service', 'ikfs@*.service');
      attempt(options, 'systemctl', 'disable', 'ikfs.service', 'ikfs@.service');
    } else attempt(options, 'systemctl', `--root=${root}`, 'disable', 'ikfs.service', 'ikfs@.service');
  }
  if (init === 'openrc') {
    if (root === '/') attempt(options, 'rc-service', '--ifstarted', 'ikfs', 'stop');
    if (root === '/') attempt(options, 'rc-update', '-q', 'delete', '-a', 'ikfs');
    else attempt(options, 'chroot', root, 'rc-update', '-q', 'delete', '-a', 'ikfs');
  }
  installation.remove();
  if (init === 'systemd' && root === '/') attempt(options, 'systemctl', 'daemon-reload');
}

/** Runs a command whose failing is told and ends nothing: what is broken is to be removed as well. */
function attempt(options: Options, command: string, ...args: readonly string[]): void {
  try {
    run(options, command, ...args);
  } catch (thrown) {
    logError(thrown);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs a command of the init system and says so; what it says itself is passed on. */
function run({ dryRun }: Options, command: string, ...args: readonly string[]): void {
  say(`${dryRun ? 'would run' : 'ran'}    ${[command, ...args].join(' ')}`);
  if (dryRun) return;
  const { error, status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw asIkfsError(error, { step: command });
  if (status !== 0) throw new IkfsError('io', `ended with ${status ?? 'a signal'}`, { steps: [command] });
}

// Whatever the shell's umask: units and their folders are for all to read.
process.umask(0o022);
try {
  const options = optionsOf(process.argv.slice(2));
  if (options) {
    const installation = new Installation(options.root, options.dryRun, say);
    if (options.uninstall) uninstall(options, installation);
    else install(options, installation);
  }
} catch (thrown) {
  logError(thrown);
  process.exitCode = exitCodeOf[asIkfsError(thrown).code];
}
