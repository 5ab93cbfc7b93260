/* A virtual machine that boots from a disk of its own, with systemd: see boot-image.ts. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, toolPath } from '../requirements.ts';
import type { Need } from '../requirements.ts';
import { makeBootDisk, makeFileSystem } from './boot-image.ts';

/** What a test needs that boots. */
export const bootNeeds = [
  ...['corpus', 'root', 'tool:qemu-system-x86_64', 'tool:debootstrap', 'tool:mke2fs', 'tool:ldd'],
] as const satisfies Need[];

/** What came of a boot. */
export interface Boot {
  /** Of the script; undefined when it did not get to its end. */
  readonly status: number | undefined;
  /** Standard output and standard error of the script. */
  readonly output: string;
  /** What kernel and systemd had to say on the console. */
  readonly console: string;
}

/**
 * Boots and, when everything has been started, runs a script with /bin/sh as root.
 * @param folder an empty one of the host's; the machine shares `shared` in it, where the script starts
 * @param files what is in `shared` from the beginning
 * @param deadline seconds for all of it
 */
export async function boot(
  folder: string,
  script: string,
  files: Readonly<Record<string, string>>,
  deadline: number,
): Promise<Boot> {
  const shared = (name: string): string => join(folder, 'shared', name);
  mkdirSync(shared(''));
  for (const [name, text] of Object.entries({ script, ...files })) writeFileSync(shared(name), text);
  const disk = makeBootDisk(folder);
  // A file system that can be filled.
  const small = join(folder, 'small');
  makeFileSystem(small, 16);
  const console = join(folder, 'console');
  const args = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '1536', '-no-reboot'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-serial', `file:${escaped(console)}`],
    ...['-kernel', join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`)],
    // On a busy host the timer may seem not to work when the kernel looks, which would be a panic.
    ...['-append', 'root=/dev/vda rw console=ttyS0 quiet panic=-1 mitigations=off no_timer_check'],
    ...[disk, small].flatMap((path) => ['-drive', `file=${escaped(path)},format=raw,if=virtio,cache=unsafe`]),
    ...['-virtfs', `local,path=${escaped(join(folder, 'shared'))},mount_tag=shared,security_model=none`],
  ];
  try {
    await promisify(execFile)(toolPath('qemu-system-x86_64') ?? 'qemu-system-x86_64', args, {
      timeout: deadline * 1000,
      killSignal: 'SIGKILL',
    });
  } catch (error) {
    // Killed at the deadline: how far it came is in the output.
    if ((error as { killed?: boolean }).killed !== true) throw error;
  }
  const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const status = text(shared('status'));
  return {
    status: status === '' ? undefined : Number(status),
    output: text(shared('output')),
    console: text(console),
  };
}

/** A path in an option of qemu's, where a comma is written twice. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}
