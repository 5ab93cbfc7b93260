/*
 * npm test [-- AVA-ARGUMENTS...]: sets up, runs the tests, and closes with why tests were skipped and one line
 * of counts. Ends with ava's status, and never with success when nothing was tested.
 */
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const setup = spawnSync(process.execPath, [join(root, 'daemon', 'setup.mjs'), '--quiet'], {
  stdio: 'inherit',
});
if (setup.status !== 0) process.exit(setup.status ?? 1);

// ava writes to a pipe, so that it can be counted; colours are kept where they would be seen.
const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined ? { FORCE_COLOR: '1' } : {};
const ava = spawn(
  process.execPath,
  [join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs'), ...process.argv.slice(2)],
  {
    cwd: root,
    env: { ...process.env, ...colours },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const ended = new Promise((resolve) => ava.on('exit', (code) => resolve(code ?? 1)));
// Ctrl-C reaches ava as well; its last words are waited for.
process.on('SIGINT', () => {});

let passed = 0;
let failed = 0;
/** How many tests were skipped for each reason. */
const skipped = new Map();

/** Reads one line of ava's default reporter (ava/lib/reporters/default.js). */
function count(line) {
  const text = stripVTControlCharacters(line).trim();
  if (/^[✔√] /.test(text)) passed++;
  const skip = /^- \[skip\] (?:.*\[skipped: (?<reason>.*)\]$)?/.exec(text);
  if (skip) {
    const reason = skip.groups.reason ?? 'switched off in the test itself';
    skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  }
  // The closing summary: passed tests are not in it when others failed, so those are counted above.
  const failure =
    /^(\d+) (?:(?:tests?|hooks?) failed|uncaught exceptions?|unhandled rejections?|tests? remained pending)/.exec(
      text,
    );
  if (failure) failed += Number(failure[1]);
}

for await (const line of createInterface({ input: ava.stdout })) {
  process.stdout.write(`${line}\n`);
  count(line);
}
const status = await ended;

const skips = [...skipped.values()].reduce((sum, number) => sum + number, 0);
if (skips > 0) {
  console.log(`${skips} skipped:`);
  for (const [reason, number] of [...skipped].sort(([, a], [, b]) => b - a)) {
    console.log(`${String(number).padStart(5)}  ${reason}`);
  }
}
if (status !== 0 && failed === 0) console.log('ava failed, although no test did: see above');
if (passed + failed === 0) console.log('No test was run');
console.log(`${passed} passed, ${failed} failed, ${skips} skipped`);
process.exitCode = status === 0 && passed + failed === 0 ? 1 : status;
