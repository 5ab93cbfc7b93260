import type { ByteRange } from '../bytes/byte-range.ts';
import { MemorySource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import { checkPeSection, isPe, parsePe } from './pe-sections.ts';
import type { PeSection } from './pe-sections.ts';

/** A unified kernel image: an EFI program that carries a kernel and what is booted with it. */
export interface Uki {
  /** The kernel's image, in whatever format its machine has: bzImage, EFI zboot, flat. */
  readonly kernel: ByteRange;
  /** What `uname -r` will say; undefined when the image was made without it. */
  readonly release: string | undefined;
}

/*
 * The Unified Kernel Image specification (UAPI.5). Only .linux is required; with profiles there may be several, of
 * which the first is that of the base profile.
 */
const kernelSection = '.linux';
const releaseSection = '.uname';

/** Releases have some dozen characters; the kernel allows 64 (include/uapi/linux/utsname.h). */
const maximumRelease = 256;

/**
 * Whether a file that begins with these bytes (the first 4 KiB, where the section table is) is a unified kernel
 * image. A kernel that is an EFI program itself has no section .linux.
 */
export function isUki(head: Buffer): boolean {
  if (!isPe(head)) return false;
  try {
    return parsePe(new MemorySource('head', head)).sections.some(({ name }) => name === kernelSection);
  } catch (error) {
    if (error instanceof IkfsError) return false;
    throw error;
  }
}

/**
 * Where the kernel lies in a unified kernel image.
 * @throws IkfsError `corrupt` when it is no PE file or has an empty .linux, `unsupported` when it has none,
 *   `truncated`
 */
export function parseUki(source: ByteSource): Uki {
  const { sections } = parsePe(source);
  const named = (wanted: string): PeSection | undefined => sections.find(({ name }) => name === wanted);
  const linux = named(kernelSection);
  if (!linux) {
    throw new IkfsError('unsupported', `is an EFI program without a section ${kernelSection}`, {
      path: source.name,
    });
  }
  checkPeSection(source, linux);
  if (linux.content.size === 0) {
    throw new IkfsError('corrupt', `section ${kernelSection} is empty`, { path: source.name });
  }
  const uname = named(releaseSection);
  return { kernel: linux.content, release: uname && readRelease(source, uname) };
}

/** The text of .uname up to a NUL or newline. */
function readRelease(source: ByteSource, section: PeSection): string | undefined {
  checkPeSection(source, section);
  const { offset, size } = section.content;
  const text = source.read(offset, Math.min(size, maximumRelease)).toString('utf8');
  return /^[^\0\s]+/.exec(text)?.[0];
}
