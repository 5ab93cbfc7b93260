/*
 * A virtual machine with the corpus' kernel. Its root is the host's, which it can write to without the host
 * seeing any of it; so what is installed here, and this checkout, run there under another kernel.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { temporaryFolder } from '../open-tree.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, toolPath } from '../requirements.ts';
import type { Need } from '../requirements.ts';
import { initramfs } from './initramfs.ts';

/** What a test needs that runs something in the machine: testWith(machineNeeds). busybox is the static one. */
export const machineNeeds = ['corpus', 'tool:qemu-system-x86_64', 'tool:busybox'] as const satisfies Need[];

export interface MachineOptions {
  /** A folder of the host that the script starts in and may write to; a new and empty one unless given. */
  readonly folder?: string;
  /** Seconds that the script may take, on a busy host; 180 unless given. */
  readonly deadline?: number;
  /** Told what the machine's console shows, as it comes. With IKFS_VM_CONSOLE set, it goes to standard error too. */
  readonly onConsole?: (text: string) => void;
  /** MiB; 2048 unless given. */
  readonly memory?: number;
  /** One unless given: emulated processors that share memory cost twice as much as one does. */
  readonly processors?: number;
}

/** What came of a script. */
export interface MachineRun {
  readonly status: number;
  /** Standard output and standard error. */
  readonly output: string;
  readonly complaints: string;
  /** What the kernel and the first process had to say. */
  readonly console: string;
}

/** Seconds for booting, which are not the script's. */
const patience = 60;

/**
 * Boots, runs a script with /bin/sh as root in its own folder, and ends.
 *
 * In the machine /tmp, /run and /var/cache are empty, /boot and /lib/modules are the corpus', and commands that
 * the host lacks (insmod, modprobe, dmesg) are busybox's. What the script leaves in its folder is on the host.
 * @throws Error with the end of the console when the machine does not get to the end of the script
 */
export async function runInMachine(script: string, options: MachineOptions = {}): Promise<MachineRun> {
  const own = temporaryFolder();
  const deadline = options.deadline ?? 180;
  const files = (name: string): string => join(own.path, 'machine', name);
  try {
    mkdirSync(files(''));
    mkdirSync(join(own.path, 'shared'));
    writeFileSync(files('script'), script);
    // Links of the host's lead elsewhere in the machine.
    writeFileSync(files('kernel'), realpathSync(corpusRoot()));
    writeFileSync(join(own.path, 'initramfs'), firstRoot());
    const console = await runToEnd(
      toolPath('qemu-system-x86_64') ?? 'qemu-system-x86_64',
      [
        ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', String(options.processors ?? 1)],
        ...['-m', String(options.memory ?? 2048)],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio', '-no-reboot'],
        ...['-kernel', join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`)],
        ...['-initrd', join(own.path, 'initramfs')],
        '-append',
        // What has a dot is an option of a module to the kernel, and left to the first process.
        `console=ttyS0 quiet panic=-1 mitigations=off machine.release=${corpusRelease} machine.deadline=${deadline + patience}`,
        ...share('host', '/', ',readonly=on,multidevs=remap'),
        ...share('machine', files('')),
        ...share('shared', options.folder ?? join(own.path, 'shared')),
      ],
      (deadline + patience) * 1000,
      options.onConsole,
    );
    if (!existsSync(files('status')))
      throw new Error(`the machine ended before the script: ${tail(console)}`);
    return {
      status: Number(readFileSync(files('status'), 'utf8')),
      output: readFileSync(files('output'), 'utf8'),
      complaints: readFileSync(files('complaints'), 'utf8'),
      console,
    };
  } finally {
    own.remove();
  }
}

/** Options that give the machine a folder of the host. A comma in a path is written twice. */
function share(tag: string, path: string, more = ''): string[] {
  const folder = path.replaceAll(',', ',,');
  return ['-virtfs', `local,path=${folder},mount_tag=${tag},security_model=none${more}`];
}

/** What the kernel starts from: busybox, the first process and the file system that this one needs. */
function firstRoot(): Buffer {
  const modules = join(corpusRoot(), 'lib', 'modules', corpusRelease);
  const file = (path: string, from: string): { path: string; mode: number; content: Buffer } => ({
    path,
    mode: 0o100755,
    content: readFileSync(from),
  });
  return initramfs([
    { path: 'bin', mode: 0o40755 },
    file('bin/busybox', toolPath('busybox') ?? 'busybox'),
    file('overlay.ko', join(modules, 'kernel/fs/overlayfs/overlay.ko')),
    file('init', join(packageRoot, 'test', 'vm', 'init.sh')),
  ]);
}

/** Runs a command until it ends. @returns what it printed @throws Error with the end of that when it takes too long */
function runToEnd(
  command: string,
  args: readonly string[],
  patience: number,
  onOutput: (text: string) => void = () => undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    let printed = '';
    const listen = (chunk: Buffer): void => {
      const text = chunk.toString();
      printed += text;
      onOutput(text);
      if (process.env['IKFS_VM_CONSOLE'] !== undefined) process.stderr.write(text);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    let late = false;
    const timer = setTimeout(() => {
      late = kill();
    }, patience);
    const settle = (): void => {
      clearTimeout(timer);
      process.off('exit', kill);
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', () => {
      settle();
      if (late) reject(new Error(`${command} took more than ${patience / 1000} s: ${tail(printed)}`));
      else resolve(printed);
    });
  });
}

function tail(text: string): string {
  return text.trimEnd().slice(-2000);
}
