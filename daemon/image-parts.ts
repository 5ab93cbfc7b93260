import { IkfsError } from '../src/errors.ts';
import type { KernelArtifact } from '../src/artifact/kinds.ts';

/** What `extract --what` can be asked for, with the files that it stands for; the first is the plain one. */
export const partFiles = {
  headers: ['kheaders.tar.xz'],
  config: ['config', 'config.gz'],
  btf: ['btf/vmlinux'],
} as const satisfies Readonly<Record<string, readonly KernelArtifact[]>>;

export type Part = keyof typeof partFiles;

const allParts = Object.keys(partFiles) as Part[];

/** What to extract. */
export interface WantedParts {
  readonly parts: readonly Part[];
  /** Whether each was asked for by name, so that its absence is a failure. */
  readonly explicit: boolean;
}

/** The value of --what; everything without it. @throws IkfsError `usage` */
export function wantedParts(list: string | undefined): WantedParts {
  if (list === undefined) return { parts: allParts, explicit: false };
  const words = list.split(',').map((word) => word.trim());
  const unknown = words.find((word) => !isPart(word));
  if (unknown !== undefined) {
    throw new IkfsError('usage', `--what does not know '${unknown}', only ${allParts.join(', ')}`);
  }
  return { parts: allParts.filter((part) => words.includes(part)), explicit: true };
}

function isPart(word: string): word is Part {
  return word in partFiles;
}
