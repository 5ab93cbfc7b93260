/*
 * What a test needs of the machine beyond Node and a compiler. Where a need is not met the test is skipped and
 * says why; where IKFS_REQUIRE names the need, it fails instead.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { spawnSync } from 'node:child_process';
import type { SpawnSyncOptions } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { nativeMissing, packageRoot } from '../src/native.ts';
import { controlGroup } from './control-group.ts';
import { corpusRoot } from './corpus-root.ts';
import {
  builtSymvers,
  debianCache,
  debianKernelsOf,
  symversKernels,
  unpackedPackage,
} from './debian-kernels.ts';
import { missingHeaderPackages } from './debian-headers.ts';
import type { DebianKernel } from './debian-kernels.ts';
import { missingKbuildPackages } from './kbuild-archive.ts';

/** The fixed needs; a command is needed as `tool:NAME`. */
const plainNeeds = [
  /** The kernel with headers, configuration and BTF inside that lies beside the checkout: corpusRoot(). */
  'corpus',
  /** Debian's kernel packages for amd64, unpacked: debianRoot(). */
  'debian',
  /** Those for other architectures. */
  'debian-foreign',
  /** What belongs to some of both: Module.symvers as their builds made it, by debianSymvers(). */
  'debian-symvers',
  /** Debian's packages for building modules for one of them: missingKbuildPackages(). */
  'debian-kbuild',
  /** Debian's headers of kernels for several architectures: debianHeaders. */
  'debian-headers',
  /** FUSE file systems can be mounted. */
  'mount',
  /** The kernel has automounts. */
  'autofs',
  /** The user is root. */
  'root',
  /** The user is root, and can have things run as `nobody`, who may make user namespaces and read the checkout. */
  'other-user',
  /** Processes can be put into a group with a bound on memory, which tells of pressure: controlGroup(). */
  'control-group',
  /** The addon of native/ is built and loads. */
  'addon',
  /** fuse-native loads, with the library that comes in its own package. */
  'fuse-native',
  /** Debian's python3 can import bcc. */
  'bcc',
  'bpftrace',
  'bpftool',
  /** libbpf can be compiled against. */
  'libbpf',
  /** The running kernel shows its BTF. */
  'live-btf',
] as const;

export type Need = (typeof plainNeeds)[number] | `tool:${string}`;

type Body = (t: ExecutionContext) => PromiseLike<void> | void;

/** Registers a test that has needs: at the same time as the others of its file, or `serial`. */
export interface Register {
  (title: string, body: Body): void;
  readonly serial: (title: string, body: Body) => void;
}

export { corpusRoot };

/**
 * The root directory of a Debian kernel's unpacked package.
 * @throws Error when it is not there; tests that need 'debian' do not get that far
 */
export function debianRoot(kernel: DebianKernel): string {
  const folder = unpackedPackage(kernel);
  if (folder === undefined) throw new Error(`there is no Debian kernel ${kernel} in ${debianCache()}`);
  return folder;
}

/**
 * The Module.symvers of a Debian kernel as its build made it.
 * @throws Error when it is not there; tests that need 'debian-symvers' do not get that far
 */
export function debianSymvers(kernel: DebianKernel): string {
  const path = builtSymvers(kernel);
  if (path === undefined)
    throw new Error(`there is no Module.symvers of Debian kernel ${kernel} in ${debianCache()}`);
  return readFileSync(path, 'utf8');
}

/** The full path of a command, also of one that only root's PATH has; undefined when it is not installed. */
export function toolPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, '/usr/local/sbin', '/usr/sbin', '/sbin']
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

// --- Each check gives the reason why the need is not met, or undefined when it is.

type Missing = string | undefined;

/** Runs a command that ought to succeed. */
function attempt(command: string, args: readonly string[], options: SpawnSyncOptions = {}): Missing {
  const { error, status, stderr } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 20_000,
    ...options,
    encoding: 'utf8',
  });
  if (error) return error.message;
  if (status === 0) return undefined;
  const lines = stderr.trim().split('\n');
  // `mount: /tmp: permission denied.`, `ModuleNotFoundError: ...`: not the source lines and hints around it.
  return lines.find((line) => /^\w+: /.test(line)) ?? lines.at(-1);
}

function missingCorpus(): Missing {
  const image = join(corpusRoot(), 'boot');
  return existsSync(image)
    ? undefined
    : `${process.env['IKFS_CORPUS'] ?? '../shared/corpus/ik-6.1.192'} is not there`;
}

function missingDebian(part: 'amd64' | 'foreign'): Missing {
  const missing = debianKernelsOf(part).filter((kernel) => unpackedPackage(kernel) === undefined);
  if (missing.length === 0) return undefined;
  return `no package of ${missing.join(', ')}; fetch with: node dist/test/fetch-debian-kernels.js`;
}

function missingSymvers(): Missing {
  const missing = symversKernels.filter((kernel) => builtSymvers(kernel) === undefined);
  if (missing.length === 0) return undefined;
  return `no headers of ${missing.join(', ')}; fetch with: node dist/test/fetch-debian-kernels.js`;
}

/** Mounts a FUSE file system that nobody serves, in a mount namespace that ends with the command. */
function missingMount(): Missing {
  let device: number;
  try {
    device = openSync('/dev/fuse', 'r+');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  try {
    if (process.getuid?.() !== 0) {
      const helper = toolPath('fusermount3') ?? toolPath('fusermount');
      return helper === undefined ? 'neither root nor fusermount3' : undefined;
    }
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    const mount = ['mount', '-i', '-t', 'fuse', '-o', options, 'ikfs-test', tmpdir()];
    return attempt('unshare', ['--mount', '--propagation', 'private', ...mount], {
      stdio: ['ignore', 'ignore', 'pipe', device],
    });
  } finally {
    closeSync(device);
  }
}

/**
 * Loads it in a process of its own, because what is loaded stays. Its library is opened first, by a call that
 * throws as it is no addon and yet leaves it loaded: 0x1000 is RTLD_NODELETE (dlopen(3)).
 */
function missingFuseNative(): Missing {
  const program = `
    const library = require('fuse-shared-library').lib;
    try { process.dlopen({ exports: {} }, library, 0x1000 | os.constants.dlopen.RTLD_NOW); } catch {}
    require('fuse-native');`;
  return attempt(process.execPath, ['-e', program], { cwd: packageRoot });
}

/** The words in front of a command that have it run as a user who may do nothing. */
export const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;

function missingOtherUser(): Missing {
  if (process.getuid?.() !== 0) return 'not root';
  const [command, ...words] = asNobody;
  const checkout = ['test', '-r', join(packageRoot, 'package.json')];
  return (
    attempt(command, [...words, 'unshare', '--user', '--mount', 'true']) ??
    (attempt(command, [...words, ...checkout]) === undefined ? undefined : 'the checkout is not for others')
  );
}

function missingTool(name: string): Missing {
  return toolPath(name) === undefined ? 'not installed' : undefined;
}

const checks: Readonly<Record<(typeof plainNeeds)[number], () => Missing>> = {
  corpus: missingCorpus,
  debian: () => missingDebian('amd64'),
  'debian-foreign': () => missingDebian('foreign'),
  'debian-symvers': missingSymvers,
  'debian-kbuild': missingKbuildPackages,
  'debian-headers': missingHeaderPackages,
  mount: missingMount,
  autofs: () =>
    /\tautofs$/m.test(readFileSync('/proc/filesystems', 'utf8'))
      ? undefined
      : 'the kernel has none, or its module is not loaded (modprobe autofs4)',
  root: () => (process.getuid?.() === 0 ? undefined : 'not root'),
  'other-user': missingOtherUser,
  'control-group': () => {
    const group = controlGroup(64 * 1024 ** 2);
    if (typeof group === 'string') return group;
    void group.remove();
    return undefined;
  },
  addon: () => nativeMissing,
  'fuse-native': missingFuseNative,
  bcc: () => attempt('/usr/bin/python3', ['-c', 'import bcc']),
  bpftrace: () => missingTool('bpftrace'),
  bpftool: () => missingTool('bpftool'),
  libbpf: () => (existsSync('/usr/include/bpf/libbpf.h') ? undefined : 'libbpf-dev is not installed'),
  'live-btf': () =>
    existsSync('/sys/kernel/btf/vmlinux') ? undefined : 'there is no /sys/kernel/btf/vmlinux',
};

const checked = new Map<Need, Missing>();

/** Why a need is not met on this machine, or undefined when it is; looked up once a process. */
export function missing(need: Need): string | undefined {
  if (!checked.has(need)) {
    const reason = isTool(need) ? missingTool(need.slice('tool:'.length)) : checks[need]();
    checked.set(need, reason === undefined ? undefined : `${need}: ${reason}`);
  }
  return checked.get(need);
}

function isTool(need: string): need is `tool:${string}` {
  return need.startsWith('tool:');
}

/** What must not be missing: the comma-separated words of IKFS_REQUIRE; `tools` is every command, `all` is all. */
const required: readonly string[] = (() => {
  const words = (process.env['IKFS_REQUIRE'] ?? '').split(',').map((word) => word.trim());
  const known: readonly string[] = ['', 'all', 'tools', ...plainNeeds];
  // A need that is misspelt would be skipped unnoticed.
  const unknown = words.find((word) => !known.includes(word) && !isTool(word));
  if (unknown !== undefined) throw new Error(`IKFS_REQUIRE does not know '${unknown}'`);
  return words;
})();

function isRequired(need: Need): boolean {
  return (
    required.includes('all') || required.includes(isTool(need) ? 'tools' : need) || required.includes(need)
  );
}

/**
 * A function that registers a test with ava. Where a need is missing it registers a skipped test whose title
 * ends with the reason, or a failing one when IKFS_REQUIRE names that need.
 *
 *     testWith(['corpus', 'tool:xz'])('decodes what xz makes', async (t) => { ... });
 */
export function testWith(needs: readonly Need[]): Register {
  const unmet = needs.filter((need) => missing(need) !== undefined);
  const fatal = unmet.find(isRequired);
  const first = unmet[0];
  const registerBy =
    (register: typeof test | typeof test.serial) =>
    (title: string, body: Body): void => {
      if (fatal !== undefined) {
        register(title, (t) => {
          t.fail(`IKFS_REQUIRE asks for what is not there: ${missing(fatal)}`);
        });
      } else if (first !== undefined) {
        register.skip(`${title} [skipped: ${missing(first)}]`, body);
      } else {
        register(title, body);
      }
    };
  return Object.assign(registerBy(test), { serial: registerBy(test.serial) });
}
