import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import { isDeviceTree, parseDeviceTree } from './device-tree.ts';
import type { DeviceTree, DeviceTreeNode } from './device-tree.ts';

/** The kernel of a FIT image (flattened image tree), which is a device tree with files for values. */
export interface FitKernel {
  /** Name of its node in /images. */
  readonly image: string;
  /** Name of the configuration that chose it; undefined when none did. */
  readonly configuration: string | undefined;
  /** `kernel`, as a rule. */
  readonly type: string | undefined;
  /** `none`, `gzip`, `lzma`, ...: what U-Boot has to undo. */
  readonly compression: string | undefined;
  /** U-Boot's word for the machine: `arm64`, `x86_64`. */
  readonly architecture: string | undefined;
  readonly payload: ByteRange;
}

/*
 * U-Boot's doc/usage/fit/source_file_format.rst; what wins where properties compete is as in boot/image-fit.c
 * (fit_conf_get_node, fit_image_get_data).
 */
const kernelTypes: ReadonlySet<string | undefined> = new Set(['kernel', 'kernel_noload']);

/** Strings are names of nodes and types; lists have a few of them. */
const longestText = 4096;
/** Nodes of a kind. An image for every board that the kernel knows has some thousands. */
const maximumNodes = 16_384;

/**
 * Whether a file that begins with these bytes (4 are enough) may be a FIT image: whether it is a device tree. If it
 * has no images, `parseFit` says so.
 */
export function isFit(head: Buffer): boolean {
  return isDeviceTree(head);
}

/**
 * The kernel in a FIT image: that of the default configuration; else of the first configuration that has one; else
 * the first image that is a kernel by its type.
 * @throws IkfsError `unsupported` for a device tree that is no FIT image and for an encrypted kernel, `not-found`
 *   when there is no kernel in it, `truncated` when its data goes beyond the file, `corrupt`, `limit`
 */
export function parseFit(source: ByteSource): FitKernel {
  const tree = parseDeviceTree(source);
  const nodes = childrenByName(source, tree.root);
  const images = nodes('images');
  if (!images) {
    throw new IkfsError('unsupported', 'is a device tree without images: no FIT image', {
      path: source.name,
    });
  }
  const chosen = chooseKernel(source, images, nodes('configurations'));
  if (!chosen) throw new IkfsError('not-found', 'the FIT image holds no kernel', { path: source.name });
  const { image, configuration } = chosen;
  if (childrenByName(source, image)('cipher')) {
    throw new IkfsError('unsupported', `image ${image.name} is encrypted`, { path: source.name });
  }
  return {
    image: image.name,
    configuration: configuration?.name,
    type: textOf(source, image, 'type'),
    compression: textOf(source, image, 'compression'),
    architecture: textOf(source, image, 'arch'),
    payload: dataOf(source, tree, image),
  };
}

/** The image that is booted, and what says so. */
function chooseKernel(
  source: ByteSource,
  images: DeviceTreeNode,
  configurations: DeviceTreeNode | undefined,
): { image: DeviceTreeNode; configuration?: DeviceTreeNode } | undefined {
  const imageNamed = childrenByName(source, images);
  const kernels = new Set(images.children.filter((image) => kernelTypes.has(textOf(source, image, 'type'))));
  for (const configuration of configurations ? byPreference(source, configurations) : []) {
    const named = (list: string): DeviceTreeNode[] =>
      textsOf(source, configuration, list)
        .map(imageNamed)
        .filter((image) => image !== undefined);
    // SPL boots what is called firmware, and takes a kernel along among the loadables.
    const others = (): DeviceTreeNode[] => [...named('firmware'), ...named('loadables')];
    const image = named('kernel')[0] ?? others().find((other) => kernels.has(other));
    if (image) return { image, configuration };
  }
  const [image] = kernels;
  return image && { image };
}

/** All configurations, the default one first. */
function byPreference(source: ByteSource, configurations: DeviceTreeNode): readonly DeviceTreeNode[] {
  // Behind a # stand overlays.
  const wanted = textOf(source, configurations, 'default')?.split('#', 1)[0];
  const first = wanted === undefined ? undefined : childrenByName(source, configurations)(wanted);
  return first ? [first, ...configurations.children] : configurations.children;
}

/**
 * Finds children of a node by their names, which may lack the unit address; of several the first (libfdt:
 * fdt_subnode_offset).
 * @throws IkfsError `limit` when there are more than any FIT image has
 */
function childrenByName(
  source: ByteSource,
  node: DeviceTreeNode,
): (wanted: string) => DeviceTreeNode | undefined {
  if (node.children.length > maximumNodes) {
    throw new IkfsError('limit', `node ${node.name} has ${node.children.length} children`, {
      path: source.name,
    });
  }
  const byName = new Map<string, DeviceTreeNode>();
  const byShortName = new Map<string, DeviceTreeNode>();
  for (const child of node.children.toReversed()) {
    byName.set(child.name, child);
    byShortName.set(child.name.replace(/@.*/s, ''), child);
  }
  return (wanted) => byName.get(wanted) ?? byShortName.get(wanted);
}

/** The strings of a property, each of which a NUL ends; none when there is no such property. */
function textsOf(source: ByteSource, node: DeviceTreeNode, name: string): string[] {
  const value = node.properties.get(name);
  if (!value || value.size > longestText) return [];
  const text = source.read(value.offset, value.size).toString('utf8');
  return text.split('\0').filter((part) => part !== '');
}

/** The only string of a property, or the first of several. */
function textOf(source: ByteSource, node: DeviceTreeNode, name: string): string | undefined {
  return textsOf(source, node, name)[0];
}

/** Where an image's data lies: in the tree; in the store behind it; or at a position of the file. */
function dataOf(source: ByteSource, tree: DeviceTree, image: DeviceTreeNode): ByteRange {
  const position = numberOf(source, image, 'data-position');
  const offsetInStore = numberOf(source, image, 'data-offset');
  const external =
    position ?? (offsetInStore === undefined ? undefined : Math.ceil(tree.size / 4) * 4 + offsetInStore);
  const embedded = image.properties.get('data');
  const size = external === undefined ? embedded?.size : numberOf(source, image, 'data-size');
  const offset = external ?? embedded?.offset;
  if (offset === undefined || size === undefined || size === 0) {
    throw new IkfsError('corrupt', `image ${image.name} has no data`, { path: source.name });
  }
  if (offset > source.size - size) {
    const message = `image ${image.name} has ${size} bytes from ${offset}, the file only ${source.size}`;
    throw new IkfsError('truncated', message, { path: source.name, offset });
  }
  return { offset, size };
}

/** A property that is one cell. */
function numberOf(source: ByteSource, node: DeviceTreeNode, name: string): number | undefined {
  const value = node.properties.get(name);
  if (!value) return undefined;
  if (value.size !== 4) {
    throw new IkfsError('corrupt', `${name} of image ${node.name} has ${value.size} bytes, not 4`, {
      path: source.name,
      offset: value.offset,
    });
  }
  return source.read(value.offset, value.size).readUInt32BE(0);
}
