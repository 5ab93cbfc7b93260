/*
 * Reads the files that a list names, over and over, until there is a file; compares their checksums:
 *
 *   node boot-reader.mjs FOLDER SUMS UNTIL
 *
 * Prints a line when it has read the first, and one of JSON at the end: how many reads there were, errors by their
 * codes, for how long at most nothing but errors came, wrong contents, and what came last.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const [folder, sums, until] = process.argv.slice(2);
const files = readFileSync(sums, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split(/ [ *]/));
const errors = {};
let reads = 0;
let wrong = 0;
let last = '';
let longest = 0;
let lastRead = performance.now();
while (!existsSync(until) || last !== 'read') {
  for (const [sum, name] of files) {
    try {
      const content = readFileSync(join(folder, name));
      const now = performance.now();
      // A read that waits is no error.
      if (last !== 'read' && last !== '') longest = Math.max(longest, now - lastRead);
      lastRead = now;
      reads += 1;
      last = 'read';
      if (createHash('sha256').update(content).digest('hex') !== sum) wrong += 1;
      if (reads === 1) console.log('reading');
    } catch (error) {
      last = error.code ?? String(error);
      errors[last] = (errors[last] ?? 0) + 1;
      if (performance.now() - lastRead > 60_000) break;
    }
  }
  if (existsSync(until) && performance.now() - lastRead > 60_000) break;
  // Others have to get something done, most of all who is to serve again.
  await setTimeout(last === 'read' ? 20 : 200);
}
console.log(JSON.stringify({ reads, wrong, errors, failedMilliseconds: Math.round(longest), last }));
