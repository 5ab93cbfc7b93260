import { gunzipSync } from 'node:zlib';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { parseBanner } from '../../src/format/banner.ts';
import { compilerText, configValue } from '../../src/format/kernel-config.ts';
import { livePaths } from '../../src/source/live.ts';
import { defaultMountpoint } from '../mountpoint.ts';
import type { HeaderKind } from '../header-choice.ts';
import type { Finding } from './finding.ts';
import type { InstalledTool } from './installed-tools.ts';
import { servedHeaders } from './supply.ts';
import type { Supply } from './supply.ts';
import type { System } from './system.ts';

/** Everything that the checks look at. */
export interface Subject {
  readonly system: System;
  readonly kernel: KernelFacts;
  /** What ikfs can serve of that kernel. */
  readonly supply: Supply;
  readonly tools: readonly InstalledTool[];
  readonly compilers: readonly InstalledTool[];
  /** Where ikfs is mounted, if it is. */
  readonly mountpoint: string | undefined;
  /** The headers that ikfs is to serve, the best it has unless given. */
  readonly wantedHeaders: HeaderKind | undefined;
}

/** What a kernel shows of itself. */
export interface KernelFacts {
  readonly config: { readonly source: string; readonly text: string } | undefined;
  /** What compiled it: `gcc (GCC) 15.3.0, GNU ld ...`. */
  readonly compiler: string | undefined;
  /** Where its own BTF is shown, if it is. */
  readonly btf: string | undefined;
  /**
   * The files of /proc and /sys that it shows. Of a system at rest, whose /proc and /sys are empty, those that it
   * will show by its configuration.
   */
  readonly shown: ReadonlySet<string>;
  /** How many of its loaded modules show BTF. */
  readonly modulesWithBtf: number;
  /** Where the header archive is shown, or the module that would show it. */
  readonly archive: { readonly path: string; readonly loaded: boolean } | undefined;
}

/** Looks at what a system shows of its kernel. @param supply speaks where the system does not */
export function kernelFacts(system: System, supply: Supply): KernelFacts {
  const config = findConfig(system) ?? suppliedConfig(supply);
  const banner = parseBanner(system.read(livePaths.version, 4096)?.toString() ?? '');
  const own = banner?.release === system.release ? banner.compiler : undefined;
  const shown = shownFiles(system, config?.text);
  const btf = `${livePaths.btf}/vmlinux`;
  return {
    config,
    compiler: own ?? supply.compiler ?? (config && compilerText(config.text)),
    btf: shown.has(btf) ? btf : undefined,
    shown,
    modulesWithBtf: system.list(livePaths.btf).filter((name) => name !== 'vmlinux').length,
    archive: findArchive(system, shown),
  };
}

/** Files of /proc and /sys, each with the option that brings it. */
const liveFiles: readonly (readonly [string, string])[] = [
  ...livePaths.config.map((path) => [path, 'CONFIG_IKCONFIG_PROC'] as const),
  // The two that came before it are of kernels that nobody has.
  ...livePaths.headers.map((path, at) => [path, at === 0 ? 'CONFIG_IKHEADERS' : ''] as const),
  [`${livePaths.btf}/vmlinux`, 'CONFIG_DEBUG_INFO_BTF'],
];

function shownFiles(system: System, config: string | undefined): ReadonlySet<string> {
  const isAtRest = !system.isDirectory('/sys/kernel') && !system.isDirectory('/proc/sys');
  const shows = ([path, name]: readonly [string, string]): boolean =>
    system.isFile(path) || (isAtRest && config !== undefined && configValue(config, name) === 'y');
  return new Set(liveFiles.filter(shows).map(([path]) => path));
}

/** An option of the kernel's configuration, `n` when it is not set, undefined when there is no configuration. */
export function option({ config }: KernelFacts, name: string): string | undefined {
  return config && (configValue(config.text, name) ?? 'n');
}

function findConfig(system: System): KernelFacts['config'] {
  const places = [
    ...livePaths.config,
    `/boot/config-${system.release}`,
    `/lib/modules/${system.release}/config`,
  ];
  for (const source of places) {
    const bytes = system.read(source, defaultLimits.configBytes);
    const text = bytes && configText(bytes);
    if (text !== undefined) return { source, text };
  }
  return undefined;
}

function suppliedConfig({ config, configText: text }: Supply): KernelFacts['config'] {
  return 'source' in config && text !== undefined ? { source: config.source, text } : undefined;
}

function configText(bytes: Buffer): string | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString();
  try {
    return gunzipSync(bytes, { maxOutputLength: defaultLimits.configBytes }).toString();
  } catch {
    return undefined;
  }
}

/** The live archive, or the module of kernel/kheaders.c where modprobe(8) finds it. */
function findArchive(system: System, shown: ReadonlySet<string>): KernelFacts['archive'] {
  const path = livePaths.headers.find((each) => shown.has(each));
  if (path !== undefined) return { path, loaded: true };
  const folder = `/lib/modules/${system.release}/kernel/kernel`;
  const name = system.list(folder).find((each) => /^kheaders\.ko(\.\w+)?$/.test(each));
  return name === undefined ? undefined : { path: `${folder}/${name}`, loaded: false };
}

/** The tool of that name, if it is installed. */
export function toolNamed({ tools }: Subject, name: string): InstalledTool | undefined {
  return tools.find((tool) => tool.name === name);
}

/** Those of the names that are installed. */
export function installed(subject: Subject, names: readonly string[]): string[] {
  return names.filter((name) => toolNamed(subject, name) !== undefined);
}

// --- What a user types.

/** A command that needs the mount, after the one that makes it where there is none. */
function atMount({ mountpoint }: Subject, command: string): string {
  return mountpoint === undefined ? `ikfs mount --background && ${command}` : command;
}

/** Where a file of this kernel is in the mount, or would be in the usual one. */
export function pathAtMount({ mountpoint = defaultMountpoint(), system }: Subject, path: string): string {
  return `${mountpoint}/${system.release}/${path}`;
}

/** Makes tools that read variables use the mount. */
export function environmentFix(subject: Subject): string {
  return atMount(subject, `eval "$(ikfs env${choiceOf(subject)})"`);
}

/** Runs a command that finds what is in the mount at the paths that it has built in. */
export function execFix(subject: Subject): string {
  return `ikfs exec${choiceOf(subject)} -- CMD`;
}

/** What leads tools to the headers that serve, where that is not what they are led to without a word. */
function choiceOf({ supply, wantedHeaders }: Subject): string {
  const isArchiveUseless = 'source' in supply.headers && servedHeaders(supply) === 'btf';
  const kind = wantedHeaders ?? (isArchiveUseless ? 'btf' : undefined);
  return kind === undefined ? '' : ` --headers ${kind}`;
}

/** How tools are made to use the headers that ikfs has, if it has some. */
export function headersFix(
  subject: Subject,
  fix = environmentFix,
): Pick<Finding, 'fix' | 'advice'> | undefined {
  const kind = servedHeaders(subject.supply, subject.wantedHeaders);
  if (kind === undefined) return undefined;
  if (kind === 'archive') return { fix: fix(subject) };
  const reason = 'missing' in subject.supply.headers ? ', as there is no header archive' : '';
  return {
    fix: fix(subject),
    advice: `ikfs makes headers for BPF programs from BTF: bpf-headers/${reason}`,
  };
}
