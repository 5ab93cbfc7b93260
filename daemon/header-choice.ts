import type { KernelArtifact } from '../src/artifact/kinds.ts';
import { IkfsError } from '../src/errors.ts';
import { headerKinds } from './options.ts';
import type { OptionValues } from './options.ts';

/** Whether a kernel has an artifact: `possible` when only making it would tell. */
export type Knowledge = 'yes' | 'possible' | 'no';

/** What can be asked of a kernel, wherever the answer comes from. */
export interface AskedKernel {
  readonly release: string;
  has(artifact: KernelArtifact): Promise<Knowledge>;
}

/** Headers of the archive, or those made from BTF for BPF programs. */
export type HeaderKind = (typeof headerKinds)[number];

/** The trees that tools are led to, by what they are made from, the best first. */
const headerTrees = {
  archive: 'build',
  btf: 'bpf-headers',
} as const satisfies Readonly<Record<HeaderKind, KernelArtifact>>;

/** What a kernel lacks that has none of a kind. */
export const headerLacks: Readonly<Record<HeaderKind, string>> = {
  archive: 'has a header archive',
  btf: 'has BTF and a configuration, which headers are made from',
};

/** The header tree that tools are led to. */
export interface HeaderChoice {
  readonly kind: HeaderKind;
  readonly artifact: (typeof headerTrees)[HeaderKind];
  readonly certain: boolean;
}

/**
 * The best header tree that a kernel has: the archive's, else the one that is made from BTF; undefined when it has none.
 * @param wanted the only kind that will do
 */
export async function chooseHeaders(
  kernel: AskedKernel,
  wanted?: HeaderKind,
): Promise<HeaderChoice | undefined> {
  for (const kind of wanted === undefined ? headerKinds : [wanted]) {
    const artifact = headerTrees[kind];
    const answer = await kernel.has(artifact);
    if (answer !== 'no') return { kind, artifact, certain: answer === 'yes' };
  }
  return undefined;
}

/**
 * Takes the words `archive` and `btf` out of what --headers was given, for commands that lead tools to headers: what is left are
 * files to look for kernels in, as everywhere.
 * @throws IkfsError `usage` when there are both
 */
export function takeHeaderChoice(values: OptionValues): {
  readonly wanted: HeaderKind | undefined;
  readonly values: OptionValues;
} {
  const given = values.headers ?? [];
  const kinds = new Set(given.filter(isKind));
  if (kinds.size > 1) throw new IkfsError('usage', '--headers archive and --headers btf exclude each other');
  const files = given.filter((each) => !isKind(each));
  const [wanted] = kinds;
  return { wanted, values: { ...values, headers: files.length > 0 ? files : undefined } };
}

/** @throws IkfsError `usage` when --headers chooses headers, for commands that lead nobody to any */
export function refuseHeaderChoice({ headers = [] }: OptionValues): void {
  const word = headers.find(isKind);
  if (word === undefined) return;
  throw new IkfsError(
    'usage',
    `--headers ${word} is for env, exec and doctor; a file of that name is ./${word}`,
  );
}

function isKind(text: string): text is HeaderKind {
  return (headerKinds as readonly string[]).includes(text);
}
