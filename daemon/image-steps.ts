import type { ImageContents, ImageRecord } from '../src/artifact/image-contents.ts';
import { imageParts } from '../src/artifact/image-contents.ts';
import type { ImagePart } from '../src/artifact/image-contents.ts';
import { codecNames } from '../src/codec/codec.ts';
import { asIkfsError, describeError } from '../src/errors.ts';
import type { IkfsError } from '../src/errors.ts';
import type { Step } from '../src/source/image.ts';
import { withoutSource } from './attempts.ts';
import { formatSize } from './format-size.ts';

/** What the parts of a kernel are called where they lie. */
const partNames: Readonly<Record<ImagePart, string>> = {
  btf: 'BTF',
  config: 'IKCONFIG',
  headers: 'IKHEADERS',
};

/** An image that was unwrapped, or why it could not be. */
export type OpenedImage =
  | { readonly path: string; readonly record: ImageRecord }
  | { readonly path: string; readonly error: IkfsError };

/** Unwraps an image, or finds what is known of it in the store. */
export async function openImage(image: ImageContents): Promise<OpenedImage> {
  try {
    return { path: image.path, record: await image.record() };
  } catch (thrown) {
    return { path: image.path, error: asIkfsError(thrown) };
  }
}

/** What taking the wrappings off an image came to: `bzImage 9.4 MB > gzip > ELF x86-64 39 MB > BTF 3.7 MB`. */
export function describeImage(image: OpenedImage): string {
  if ('error' in image) return withoutSource(image.path, describeError(image.error));
  const { steps, parts } = image.record;
  const found = imageParts.flatMap((part) => {
    const finding = parts[part];
    return 'missing' in finding ? [] : [`${partNames[part]} ${formatSize(finding.size)}`];
  });
  return [...describeSteps(steps), found.join(' + ') || 'neither BTF nor IKCONFIG nor IKHEADERS'].join(' > ');
}

/** Layers with their sizes; that of a compression is next to that of what it lies in, and left out. */
function describeSteps(steps: readonly Step[]): string[] {
  const isCodec = (name: string): boolean => (codecNames as readonly string[]).includes(name);
  return steps.map(({ name, size }, at) => (at > 0 && isCodec(name) ? name : `${name} ${formatSize(size)}`));
}
