/*
 * Writes the names of kernel headers and of what they declare (src/bpf-headers/names.dat):
 *
 *   npm run make-header-names -- SERIES...          of Debian's packages: 5.10 6.1 6.12 7.2 7.3
 *   npm run make-header-names -- SERIES=TREE...     of trees that are here; those of one series are merged
 *                             -- --output FILE      to another file
 *
 * A tree is the kernel's own, or what a package of headers has put below /usr/src. Packages that are not in the cache
 * (see debian-kernels.ts) are fetched with apt. The same trees give the same bytes.
 */
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { namesFile } from '../../src/bpf-headers/names-data.ts';
import { debianHeaders, packagedTree } from './debian-headers.ts';
import { namesText, packedNames } from './encode-names.ts';
import { namesOfTrees } from './names-of-trees.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { output: { type: 'string', default: namesFile } },
});

const treesOfSeries = new Map<string, string[]>();
for (const operand of positionals) {
  const [, series, tree] = /^(\d+\.\d+)(?:=(.+))?$/.exec(operand) ?? [];
  if (series === undefined) throw new Error(`${operand} is neither SERIES nor SERIES=TREE`);
  const trees = tree === undefined ? debianHeaders(series).map(packagedTree) : [resolve(tree)];
  treesOfSeries.set(series, [...(treesOfSeries.get(series) ?? []), ...trees]);
}
if (treesOfSeries.size === 0) throw new Error('of which series?');

const { compare } = new Intl.Collator('en', { numeric: true });
const all = [...treesOfSeries]
  .sort(([one], [other]) => compare(one, other))
  .map(([series, trees]) => {
    const headers = namesOfTrees(trees);
    const origin = trees.map((tree) => basename(tree)).join(' ');
    console.log(`${series}: ${headers.size} headers of ${origin}`);
    return { series, origin, headers };
  });
const bytes = packedNames(namesText(all));
writeFileSync(values.output, bytes);
console.log(`${values.output}: ${bytes.length} bytes`);
