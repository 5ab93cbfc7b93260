import { parseArgs } from 'node:util';
import { IkfsError } from '../src/errors.ts';

interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given more than once. */
  readonly multiple?: true;
  /** `--no-NAME` is there as well. */
  readonly negatable?: true;
  /** What help calls the value. */
  readonly value?: string;
  /** Values that are words of ikfs' own, for completion. */
  readonly words?: readonly string[];
  readonly summary: string;
}

/** Headers of a kernel's archive, or those made from its BTF for BPF programs; the better kind first. */
export const headerKinds = ['archive', 'btf'] as const;

/** Every option there is: a name means the same in all commands that have it. */
export const options = {
  sysroot: {
    type: 'string',
    value: 'DIR',
    summary: 'look for kernels in the system below DIR (default: /, unless files are given)',
  },
  image: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    summary: 'a kernel image, or a block device that holds one; repeatable',
  },
  modules: {
    type: 'string',
    multiple: true,
    value: 'DIR|FILE',
    summary:
      "a kernel's modules, a directory of such directories, or an image with modules in its ramdisk (vendor_boot, boot, initramfs); repeatable",
  },
  headers: {
    type: 'string',
    multiple: true,
    value: 'FILE|archive|btf',
    words: headerKinds,
    summary:
      'a header archive (kheaders.tar.xz), or kheaders.ko; repeatable. env, exec and doctor lead tools to the headers of the archive, and where there is none to those made from BTF: archive or btf has them take no others',
  },
  btf: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    summary: "a kernel's BTF, raw or in an ELF file; repeatable",
  },
  config: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    summary: "a kernel's configuration; repeatable",
  },
  release: {
    type: 'string',
    value: 'R',
    summary: 'only the kernel of this release; also says what files given belong to',
  },
  'cache-dir': {
    type: 'string',
    value: 'DIR',
    summary: 'keep what was made here (default: /var/cache/ikfs, or ~/.cache/ikfs unless root)',
  },
  'cache-size': {
    type: 'string',
    value: 'MIB',
    summary:
      'keep at most so many MiB, without what was not used for longest (default: a tenth of the file system, or 2048 if that is less)',
  },
  cache: {
    type: 'boolean',
    negatable: true,
    summary: 'keep what was made on disk; --no-cache keeps it in memory until ikfs ends',
  },
  clear: { type: 'boolean', summary: 'remove what is kept and not in use by a running ikfs' },
  limit: {
    type: 'string',
    multiple: true,
    value: 'NAME=VALUE',
    summary: 'another cap on what files may expand to, see ikfs help; repeatable',
  },
  json: { type: 'boolean', summary: 'print JSON' },
  long: {
    type: 'boolean',
    short: 'l',
    summary: 'with mode, size and date; makes what it takes to know sizes',
  },
  recursive: { type: 'boolean', short: 'R', summary: 'also what is below directories' },
  what: {
    type: 'string',
    value: 'LIST',
    summary: 'which artifacts: headers, config, btf, or several with commas between',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'DIR|-',
    summary: 'where to; - is standard output: one file as it is, more as a tar archive',
  },
  btfhub: {
    type: 'string',
    value: 'DIR',
    summary:
      "write every kernel's BTF to DIR as BTFHub's archive has it: ID/VERSION/MACHINE/RELEASE.btf.tar.xz",
  },
  distribution: {
    type: 'string',
    value: 'ID/VERSION',
    summary: 'the system that kernels belong to (default: what its /etc/os-release says)',
  },
  format: { type: 'string', value: 'tar', summary: 'write a stream of this format to standard output' },
  force: { type: 'boolean', summary: 'overwrite files that are there' },
  paths: { type: 'boolean', summary: "with the modules' files" },
  sort: { type: 'string', value: 'name|size', summary: 'order of the rows (default: name)' },
  sizes: {
    type: 'boolean',
    summary: 'compare the sizes of split BTF with BTF that has all it needs',
  },
  top: { type: 'string', value: 'N', summary: 'rows shown with --sizes (default: 20)' },
  mount: { type: 'string', value: 'MOUNTPOINT', summary: 'where the tree is mounted' },
  background: { type: 'boolean', summary: 'return once the mount answers, and go on serving it' },
  'pid-file': {
    type: 'string',
    value: 'FILE',
    summary: 'write the process number here once the mount answers, and remove it at the end',
  },
  'idle-exit': {
    type: 'string',
    value: 'SECONDS',
    summary: 'unmount and end when nobody has used the tree for so long',
  },
  'if-left': {
    type: 'boolean',
    summary: 'succeed, without a word, also when no ikfs is mounted there',
  },
  'allow-other': {
    type: 'boolean',
    negatable: true,
    summary: 'let other users look inside (default: only when root mounts)',
  },
  transport: {
    type: 'string',
    value: 'NAME',
    summary: 'auto (default), kernel (native threads) or fuse-native',
  },
  readers: {
    type: 'string',
    value: 'N',
    summary: 'threads that take requests, with the kernel transport (default: 2)',
  },
  fence: {
    type: 'string',
    value: 'MODE',
    summary: 'give up what a reader of images does not need: auto (default), require or off',
  },
  expose: {
    type: 'string',
    value: 'WHAT',
    summary:
      'who else may read: published (default), what everybody can read where it comes from or the running kernel shows; all; none',
  },
  prefetch: {
    type: 'boolean',
    negatable: true,
    summary: "read header trees into the kernel's cache beforehand (default: the running kernel's only)",
  },
  'prefetch-limit': {
    type: 'string',
    value: 'MIB',
    summary: 'MiB of page cache that prefetching may fill (default: 64)',
  },
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    summary: 'how grave what is logged is at least: error, warning, info (default) or debug',
  },
  verbose: {
    type: 'boolean',
    short: 'v',
    summary:
      'say more: mount has a line for each artifact that is made (--log-level debug), exec for each path',
  },
  watch: {
    type: 'boolean',
    negatable: true,
    summary: 'look again when kernels and modules come, go or change (default); --no-watch waits for SIGHUP',
  },
  'memory-limit': {
    type: 'string',
    value: 'MIB',
    summary:
      'above MIB MiB of memory of its own and of files in memory let go of caches and decode one thing at a time; files in memory that would go beyond are refused (ENOMEM). What is being decoded may still take some 48 MiB more (default: caches go when memory is short, and 20 seconds after the last use)',
  },
  'dry-run': { type: 'boolean', summary: 'only tell what would be laid over which path' },
  explain: {
    type: 'boolean',
    summary: 'a table of all variables: which tool reads them, and why they help here or do not',
  },
  fish: { type: 'boolean', summary: 'for fish(1): ikfs env --fish | source' },
  csh: { type: 'boolean', summary: 'for csh(1): eval "`ikfs env --csh`"' },
  help: { type: 'boolean', short: 'h', summary: 'this help' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof options;

export const optionNames = Object.keys(options) as OptionName[];

type ValueOf<Spec extends OptionSpec> = Spec extends { readonly type: 'boolean' }
  ? boolean
  : Spec extends { readonly multiple: true }
    ? readonly string[]
    : string;

/** The options of a command line by name; those not given are missing. */
export type OptionValues = {
  readonly [Name in OptionName]?: ValueOf<(typeof options)[Name]> | undefined;
};

/** The facts about an option, without its exact type. */
export function specOf(name: OptionName): OptionSpec {
  return options[name];
}

/** The options that say where kernels are and where what was made is kept. */
export const sourceOptions = [
  'sysroot',
  'image',
  'modules',
  'headers',
  'btf',
  'config',
  'release',
  'cache-dir',
  'cache-size',
  'cache',
  'limit',
] as const satisfies readonly OptionName[];

/** A command line, taken apart. */
export interface Arguments {
  readonly values: OptionValues;
  /** What is neither an option nor an option's value. */
  readonly operands: readonly string[];
}

/**
 * Takes a command line apart.
 * @param known the options that the command has; all others are refused
 * @throws IkfsError `usage`
 */
export function parseArguments(args: readonly string[], known: readonly OptionName[]): Arguments {
  const wanted = Object.fromEntries(known.map((name) => [name, specOf(name)]));
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: wanted,
      strict: true,
      allowPositionals: true,
      allowNegative: true,
    });
  } catch (error) {
    throw new IkfsError('usage', complaint(error), { cause: error });
  }
  for (const [name, value] of Object.entries(parsed.values)) {
    if (value === '' || (Array.isArray(value) && value.includes(''))) {
      throw new IkfsError('usage', `option --${name} needs a value`);
    }
  }
  return { values: parsed.values, operands: parsed.positionals };
}

/** What parseArgs has to say, without its hints: the first sentence of the first line. */
function complaint(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const sentence = line.replace(/\. .*$/, '').replace(/\.$/, '');
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
