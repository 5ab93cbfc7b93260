import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { machine, version } from 'node:os';
import { livePaths, runningRelease } from '../src/source/live.ts';

/** What tools find on this system without ikfs, and what they take it for. */
export interface FoundAlready {
  /** What uname(2) calls the running kernel. */
  readonly release: string;
  /** The running kernel's version in numbers, as LINUX_VERSION_CODE counts them: 6.1.192 is 0x0601c0. */
  readonly versionCode: number;
  /** The header tree that bcc and bpftrace take. */
  readonly headers: string | undefined;
  /** The header archive that bcc would unpack into /tmp. */
  readonly archive: string | undefined;
  readonly btf: string | undefined;
  readonly config: string | undefined;
  /** The machine as uname(2) has it, which tools take for the kernel's. */
  readonly machine: string;
  /** Width of the kernel's addresses in bits; undefined where it does not show any. */
  readonly addressBits: number | undefined;
}

/** Looks at the running system. */
export function foundAlready(): FoundAlready {
  const release = runningRelease();
  const first = (paths: readonly string[]): string | undefined => paths.find((path) => existsSync(path));
  return {
    release,
    versionCode: versionCodeOf(runningVersion(release)),
    headers: headersFound(`/lib/modules/${release}`),
    archive: first(livePaths.headers.slice(0, 1)),
    btf: first([`${livePaths.btf}/vmlinux`]),
    config: first([...livePaths.config, `/boot/config-${release}`]),
    machine: machine(),
    addressBits: addressBits(),
  };
}

/**
 * Where bcc looks: in source/ when it and build/ are both there, else in build/; a tree without this header it takes
 * for empty (src/cc/frontends/clang/loader.cc). bpftrace looks at the same directories (src/symbols/kernel.cpp).
 */
function headersFound(folder: string): string | undefined {
  const [source, build] = [`${folder}/source`, `${folder}/build`];
  const tree = isDirectory(source) && isDirectory(build) ? source : build;
  return existsSync(`${tree}/include/linux/kconfig.h`) ? tree : undefined;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * The version that LINUX_VERSION_CODE is made from. Ubuntu and Debian call a kernel by another one than it has, and
 * tell the true one elsewhere, as libbpf's get_kernel_version knows.
 */
function runningVersion(release: string): string {
  try {
    // `Ubuntu 5.4.0-12.15-generic 5.4.8`
    const signature = readFileSync('/proc/version_signature', 'latin1').trim();
    return signature.split(' ').at(-1) ?? release;
  } catch {
    return /\bDebian (\d+\.\d+\.\d+)/.exec(version())?.[1] ?? release;
  }
}

/** KERNEL_VERSION of include/generated/uapi/linux/version.h, which counts no further than 255. */
export function versionCodeOf(text: string): number {
  const [major = 0, minor = 0, patch = 0] = (/^\d+\.\d+(?:\.\d+)?/.exec(text)?.[0] ?? '')
    .split('.')
    .map(Number);
  return major * 65_536 + minor * 256 + Math.min(patch, 255);
}

/** From the first address in /proc/kallsyms (kernel/kallsyms.c), which is as wide where it is hidden. */
function addressBits(): number | undefined {
  try {
    const file = openSync('/proc/kallsyms', 'r');
    try {
      const start = Buffer.alloc(32);
      const line = start.toString('latin1', 0, readSync(file, start, 0, start.length, 0));
      const digits = /^[0-9a-f]+/.exec(line)?.[0].length;
      return digits === undefined ? undefined : digits * 4;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
