import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import { isAndroidBoot, parseAndroidBoot } from '../format/android-boot.ts';
import { isAndroidVendorBoot } from '../format/android-vendor-boot.ts';
import { isArmZImage, parseArmZImage } from '../format/arm-zimage.ts';
import { isBzImage, parseBzImage } from '../format/bzimage.ts';
import { isFit, parseFit } from '../format/device-tree-fit.ts';
import { isEfiZboot, parseEfiZboot } from '../format/efi-zboot.ts';
import { isFlatImage, parseFlatImage } from '../format/flat-image.ts';
import { isUki, parseUki } from '../format/pe-uki.ts';
import { isQualcommImage, parseQualcommImage } from '../format/qualcomm-image.ts';
import { isS390Image, parseS390Image } from '../format/s390-image.ts';
import { isUImage, parseUImage } from '../format/uimage.ts';

/** The machine that a container says its kernel is for, where the kernel itself does not tell. */
export interface ContainerMachine {
  /** As elf-machine.ts names it. */
  readonly name: string;
  readonly order: 'little' | 'big';
}

/** Where in a container the kernel is. */
export type Inside =
  /** In a part of it, perhaps in another container. */
  | { readonly kind: 'part'; readonly range: ByteRange }
  /** Compressed, from an offset in a range that nothing tells. */
  | { readonly kind: 'search'; readonly range: ByteRange }
  /** The container is the kernel, as it is loaded into memory. */
  | { readonly kind: 'kernel' };

/** What a container's header says. */
export interface OpenedContainer {
  /** The format as `ikfs info` shows it, with its version where there are several. */
  readonly name: string;
  readonly inside: Inside;
  /** The release, where the header has it. */
  readonly release?: string | undefined;
  readonly machine?: ContainerMachine;
}

/** A format that a kernel is wrapped in, apart from compressions and ELF. */
interface Container {
  readonly name: string;
  /** Whether a file that begins with these bytes (the first 4 KiB) has this format. */
  readonly matches: (head: Buffer) => boolean;
  /** @throws IkfsError as the format's parser, `not-found` when there is no kernel in it */
  readonly open: (source: ByteSource) => Omit<OpenedContainer, 'name'> & { readonly name?: string };
}

const part = (range: ByteRange): Inside => ({ kind: 'part', range });

/**
 * The formats, of which the first that matches counts. Kernels for EFI are PE programs of several formats at once: an x86
 * kernel is a bzImage first, and an arm64 one a flat image.
 */
const containers: readonly Container[] = [
  {
    name: 'Android boot',
    matches: isAndroidBoot,
    open(source) {
      const { kernel, headerVersion } = parseAndroidBoot(source);
      if (!kernel) throw new IkfsError('not-found', 'the boot image has a ramdisk and no kernel');
      return { name: `Android boot v${headerVersion}`, inside: part(kernel) };
    },
  },
  {
    name: 'Android vendor boot',
    matches: isAndroidVendorBoot,
    open() {
      throw new IkfsError('not-found', 'a vendor boot image has ramdisks with modules, and no kernel', {
        advice: 'Give it with --modules',
      });
    },
  },
  {
    name: "Qualcomm's prefix",
    matches: isQualcommImage,
    open: (source) => ({ inside: part(parseQualcommImage(source).kernel) }),
  },
  {
    name: 'uImage',
    matches: isUImage,
    open(source) {
      const { kernel, type } = parseUImage(source);
      if (!kernel) throw new IkfsError('not-found', `the U-Boot image is a ${type} and has no kernel`);
      return { inside: part(kernel) };
    },
  },
  {
    name: 'FIT image',
    matches: isFit,
    open: (source) => ({ inside: part(parseFit(source).payload) }),
  },
  {
    name: 'bzImage',
    matches: isBzImage,
    open(source) {
      const { payload, release } = parseBzImage(source);
      return { inside: part(payload), release };
    },
  },
  {
    name: 'EFI zboot',
    matches: isEfiZboot,
    open: (source) => ({ inside: part(parseEfiZboot(source).payload) }),
  },
  {
    name: 'flat image',
    matches: isFlatImage,
    open(source) {
      const { machine, order } = parseFlatImage(source);
      return { name: `${machine} image`, inside: { kind: 'kernel' }, machine: { name: machine, order } };
    },
  },
  {
    name: 'unified kernel image',
    matches: isUki,
    open(source) {
      const { kernel, release } = parseUki(source);
      return { inside: part(kernel), release };
    },
  },
  {
    name: 'arm zImage',
    matches: isArmZImage,
    open(source) {
      const { searched, order } = parseArmZImage(source);
      return { inside: { kind: 'search', range: searched }, machine: { name: 'arm', order } };
    },
  },
  {
    name: 's390 image',
    matches: isS390Image,
    open(source) {
      const { searched, release } = parseS390Image(source);
      return {
        inside: { kind: 'search', range: searched },
        release,
        machine: { name: 's390', order: 'big' },
      };
    },
  },
];

/**
 * What a source's header says of the container that it is.
 * @param head its first 4 KiB
 * @returns undefined when it is in none of the formats
 * @throws IkfsError with the format for a step: `corrupt`, `truncated`, `unsupported`, `limit`, or `not-found` when the
 *   format is known and no kernel is in it
 */
export function openContainer(source: ByteSource, head: Buffer): OpenedContainer | undefined {
  const container = containers.find(({ matches }) => matches(head));
  if (!container) return undefined;
  try {
    return { name: container.name, ...container.open(source) };
  } catch (error) {
    throw error instanceof IkfsError ? error.within({ step: container.name }) : error;
  }
}
