#!/usr/bin/env node
/* mount.ikfs: what mount(8) runs for `mount -t ikfs` and for lines of fstab. Returns when the mount answers. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asIkfsError } from '../src/errors.ts';
import { log, logError } from './log.ts';
import { helperCall } from './mount-helper-call.ts';
import type { HelperCall } from './mount-helper-call.ts';

/** Exit status as mount(8) knows it. */
const exitStatus = { done: 0, usage: 1, failed: 32 } as const;

/** The command next to this one: `main.js`, or `main.ts` before compiling. */
const command = join(dirname(fileURLToPath(import.meta.url)), `main${import.meta.filename.slice(-3)}`);

/** Mounts as asked, and tells the exit status. */
function main(args: readonly string[]): number {
  try {
    const call = helperCall(args);
    for (const word of call.ignored) log('warning', `option '${word}' is unknown and has no effect`);
    if (call.fake) return exitStatus.done;
    return mountAndRestrict(call);
  } catch (thrown) {
    logError(thrown);
    return asIkfsError(thrown).code === 'usage' ? exitStatus.usage : exitStatus.failed;
  }
}

function mountAndRestrict(call: HelperCall): number {
  const { directory, args, restrictions, verbose } = call;
  const mounted = run(call, process.execPath, [command, ...args], verbose);
  if (mounted !== 0) return mounted === 2 ? exitStatus.usage : exitStatus.failed;
  if (restrictions.length === 0) return exitStatus.done;
  const words = ['remount', 'bind', 'ro', 'nosuid', 'nodev', ...restrictions].join(',');
  if (run(call, 'mount', ['-i', '-o', words, '--', directory]) === 0) return exitStatus.done;
  // Rather no mount than one that may be used for more than was asked for.
  run(call, 'umount', ['-l', '--', directory]);
  return exitStatus.failed;
}

/** Runs a command, in the mount namespace that is asked for. @returns its exit status */
function run({ namespace }: HelperCall, name: string, args: readonly string[], isHeard = false): number {
  const there = namespace === undefined ? [] : [`--mount=${namespace}`, '--', name];
  const first = namespace === undefined ? name : 'nsenter';
  const rest = [...there, ...args];
  const { status, error } = spawnSync(first, rest, {
    stdio: ['ignore', isHeard ? 'inherit' : 'ignore', 'inherit'],
  });
  if (error) throw asIkfsError(error, { step: first });
  return status ?? exitStatus.failed;
}

process.exitCode = main(process.argv.slice(2));
