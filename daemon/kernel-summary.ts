import { existsSync } from 'node:fs';
import type { Kernel } from '../src/artifact/kernel.ts';
import type { KernelArtifact } from '../src/artifact/kinds.ts';
import { livePaths } from '../src/source/live.ts';
import { counted } from './format-size.ts';
import { formatTable } from './table.ts';

/** Names of a kernel's directory that come from one source. */
interface Group {
  readonly names: readonly [KernelArtifact, KernelArtifact];
  /** The sources that may have it, in the order in which they are asked; an empty one is none. */
  readonly sources: readonly string[];
  /** What is said when no source has it. */
  readonly lack: string;
}

/**
 * What a kernel's directory holds, as far as it is known without making anything: its images, then a line for each
 * group of names that come from one source, with that source, or with what is lacking.
 */
export function summariseKernel(kernel: Kernel, isRunning: boolean): string {
  const { images, moduleFolders, ramdisks } = kernel.sources;
  const modules = kernel.moduleNames().length;
  const places = [...moduleFolders, ...ramdisks].join(', ') || livePaths.btf;
  const rows = [
    ...images.map((path) => ['image', path]),
    ...groupsOf(kernel).map((group) => [group.names.join(', '), describe(kernel, group)]),
    ...(kernel.evidence('bpf-headers') === 'none'
      ? []
      : [['bpf-headers', 'made from BTF at the first use, for BPF programs only']]),
    ['btf/MODULE', modules > 0 ? `${counted(modules, 'module')} in ${places}` : 'not found: no modules'],
  ];
  const title = `${kernel.release}${isRunning ? ' (running)' : ''}`;
  return `${title}\n${formatTable([{ title: '' }, { title: '' }], rows, '  ')}`;
}

function groupsOf(kernel: Kernel): Group[] {
  const { images, configs, given, live } = kernel.sources;
  const shown = (paths: readonly string[]): string[] =>
    live ? paths.filter((path) => existsSync(path)) : [];
  const image = images.length > 0 ? ['the image'] : [];
  const kheaders = kernel.modules().modules.get('kheaders');
  return [
    {
      names: ['version', 'compiler'],
      sources: [...shown([livePaths.version]), ...image],
      lack: 'no image',
    },
    {
      names: ['config', 'config.gz'],
      // An image that may have it is asked before the file that surely does.
      sources: [...given.configs, ...shown(livePaths.config), [...image, ...configs].join(', else ')],
      lack: 'no image, no file config-R, no headers',
    },
    {
      names: ['kheaders.tar.xz', 'build'],
      sources: [
        ...given.headers,
        ...shown(livePaths.headers),
        ...(kheaders ? [kheaders.path] : []),
        ...image,
      ],
      lack: `no kheaders module, ${images.length > 0 ? 'and CONFIG_IKHEADERS is not built in' : 'no image'}`,
    },
    {
      names: ['btf/vmlinux', 'vmlinux'],
      sources: [...given.btf, ...shown([`${livePaths.btf}/vmlinux`]), ...image],
      lack: images.length > 0 ? 'CONFIG_DEBUG_INFO_BTF is off' : 'no image',
    },
  ];
}

function describe(kernel: Kernel, { names, sources, lack }: Group): string {
  const source = sources[0] || 'the headers';
  switch (kernel.evidence(names[0])) {
    case 'none':
      return `not found: ${lack}`;
    case 'possible':
      return `perhaps in ${source}: the first use tells`;
    case 'present':
      return source;
  }
}
