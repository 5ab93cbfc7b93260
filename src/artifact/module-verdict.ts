import { Btf } from '../btf/engine.ts';
import { asIkfsError } from '../errors.ts';
import { withContent } from './content-source.ts';
import { onlyDwarf } from './make-btf-from-dwarf.ts';
import { noSection, relocatedStep } from './make-module-btf.ts';
import type { Outcome, ReadyOutcome } from './outcome.ts';

/**
 * Whether a kernel would take a module's BTF:
 *  - `ok`, and `relocated` when it first had to be put onto this kernel's from its distilled base;
 *  - `mismatch`: it does not go with this kernel's BTF: the kernel would refuse it, or its types lead nowhere;
 *  - `none`: the module has DWARF that BTF could be made from;
 *  - `no-section`: it has neither;
 *  - `unreadable`: the file is broken.
 */
export type Verdict = 'ok' | 'relocated' | 'mismatch' | 'none' | 'no-section' | 'unreadable';

/** A verdict with its reason. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Bytes of split BTF; 0 when there is none. */
  readonly splitSize: number;
  /** Bytes of the same with all that it needs of the kernel's; 0 when that is not known or can not be made. */
  readonly flatSize: number;
  /** Why it is not `ok`, or what could not be looked at; else empty. */
  readonly reason: string;
}

/**
 * Judges a module by what came of asking for its BTF.
 * @param base the kernel's types, or why there are none to check with
 */
export async function judge(outcome: Outcome, base: Btf | { readonly missing: string }): Promise<Judgement> {
  switch (outcome.state) {
    case 'absent': {
      const reason = outcome.attempts.at(-1)?.reason ?? noSection;
      return withoutBtf(reason.startsWith(onlyDwarf) ? 'none' : 'no-section', reason);
    }
    case 'failed': {
      const verdict = outcome.error.code === 'mismatch' ? 'mismatch' : 'unreadable';
      return withoutBtf(verdict, outcome.error.message);
    }
    case 'ready':
      return await judgeBtf(outcome, base);
  }
}

function withoutBtf(verdict: Verdict, reason: string): Judgement {
  return { verdict, splitSize: 0, flatSize: 0, reason };
}

async function judgeBtf(
  { content, provenance }: ReadyOutcome,
  base: Btf | { readonly missing: string },
): Promise<Judgement> {
  const splitSize = content.size;
  if (!(base instanceof Btf)) {
    return { verdict: 'ok', splitSize, flatSize: 0, reason: `not checked: ${base.missing}` };
  }
  let flatSize: number;
  try {
    flatSize = await withContent(content, provenance.source, async (source) => {
      const split = await Btf.open(source, base);
      await split.validate();
      return await split.flatSize();
    });
  } catch (thrown) {
    const error = asIkfsError(thrown, { path: provenance.source });
    const verdict = error.code === 'corrupt' || error.code === 'truncated' ? 'mismatch' : 'unreadable';
    return { verdict, splitSize, flatSize: 0, reason: error.message };
  }
  const relocated = provenance.steps.some(({ name }) => name === relocatedStep);
  return { verdict: relocated ? 'relocated' : 'ok', splitSize, flatSize, reason: '' };
}
