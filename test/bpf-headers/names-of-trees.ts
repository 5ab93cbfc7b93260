import { readFileSync } from 'node:fs';
import { Macros } from './c-macros.ts';
import { headerTokens } from './c-tokens.ts';
import { declaredNames } from './declared-names.ts';
import { mergedHeaders } from './header-trees.ts';

/**
 * What each header of merged trees declares.
 * @param trees as mergedHeaders() takes them
 * @returns tags, typedefs, and enums without a tag, by path; nothing for headers that a build makes and that are not there
 */
export function namesOfTrees(trees: readonly string[]): Map<string, Iterable<string>[]> {
  const macros = new Macros();
  const headers = mergedHeaders(trees).map(({ path, file }) => {
    const text = file === undefined ? '' : readFileSync(file, 'latin1');
    macros.addHeader(path, headerTokens(text));
    return { path, text };
  });
  // Read twice: the tokens of all headers at once would take a gigabyte.
  return new Map(
    headers.map(({ path, text }) => {
      const { tags, typedefs, enums } = declaredNames(path, headerTokens(text), macros);
      return [path, [tags, typedefs, enums]];
    }),
  );
}
