/*
 * Writes which kernel header includes which (src/bpf-headers/includes.dat); operands as of make-names.ts:
 *
 *   node dist/test/bpf-headers/make-includes.js SERIES=TREE... [--output FILE]
 *
 * Trees of one series are merged.
 */
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { includesFile } from '../../src/bpf-headers/includes.ts';
import { namesText, packedNames } from './encode-names.ts';
import { includesOfTrees } from './included-headers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { output: { type: 'string', default: includesFile } },
});
const treesOfSeries = new Map<string, string[]>();
for (const operand of positionals) {
  const [, series, tree] = /^(\d+\.\d+)=(.+)$/.exec(operand) ?? [];
  if (series === undefined || tree === undefined) throw new Error(`${operand} is not SERIES=TREE`);
  treesOfSeries.set(series, [...(treesOfSeries.get(series) ?? []), resolve(tree)]);
}
const { compare } = new Intl.Collator('en', { numeric: true });
const all = [...treesOfSeries]
  .sort(([one], [other]) => compare(one, other))
  .map(([series, trees]) => ({
    series,
    origin: trees.map((tree) => basename(tree)).join(' '),
    headers: includesOfTrees(trees),
  }));
const bytes = packedNames(namesText(all));
writeFileSync(values.output, bytes);
console.log(`${values.output}: ${bytes.length} bytes`);
