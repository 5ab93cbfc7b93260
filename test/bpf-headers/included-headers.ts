import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { mergedHeaders } from './header-trees.ts';

/** Conditions that never hold where C for BPF is compiled. */
const never = /^(?:ifdef\s+__ASSEMBL(?:Y|ER)__|if\s+0|ifndef\s+__KERNEL__)\b/;

/**
 * What the text of a header includes, as it spells it, whichever options that depends on; not what is only for assembly
 * or only outside of the kernel.
 */
export function includedBy(text: string): { readonly spelled: string; readonly quoted: boolean }[] {
  const found: { spelled: string; quoted: boolean }[] = [];
  /** For each condition around a line whether it can not hold. */
  const around: boolean[] = [];
  for (const line of text.replace(/\/\*[\s\S]*?\*\//g, ' ').split('\n')) {
    const directive = /^\s*#\s*(.*)$/.exec(line)?.[1];
    if (directive === undefined) continue;
    if (directive.startsWith('if')) around.push(never.test(directive));
    else if (/^(?:else|elif)/.test(directive)) around.splice(-1, 1, false);
    else if (directive.startsWith('endif')) around.pop();
    const [, mark, spelled] = /^include\s*([<"])([^>"]+)[>"]/.exec(directive) ?? [];
    if (spelled !== undefined && !around.includes(true)) found.push({ spelled, quoted: mark === '"' });
  }
  return found;
}

/** What each header of merged trees includes, by path; relative names as a compiler is asked for them from elsewhere. */
export function includesOfTrees(trees: readonly string[]): Map<string, Iterable<string>[]> {
  const headers = mergedHeaders(trees);
  const paths = new Set(headers.map(({ path }) => path));
  return new Map(
    headers.map(({ path, file }): [string, Iterable<string>[]] => {
      const [, generic] = /^arch\/[^/]+\/include\/generated\/((?:uapi\/)?asm\/)/.exec(path) ?? [];
      if (file === undefined) {
        const name = posix.basename(path);
        return [path, [generic === undefined ? [] : [`${generic.replace('asm/', 'asm-generic/')}${name}`]]];
      }
      const names = includedBy(readFileSync(file, 'latin1')).map(({ spelled, quoted }) => {
        const beside = posix.join(posix.dirname(path), spelled);
        return quoted && paths.has(beside) ? beside.replace(/^(?:arch\/[^/]+\/)?include\//, '') : spelled;
      });
      return [path, [new Set(names.filter((name) => !/[\s]/.test(name)))]];
    }),
  );
}
