/*
 * npm run lint: everything that is checked without running ikfs. All checks are made, whatever the first ones
 * say; the status is 1 when one of them found something.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from '../daemon/step.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const setup = spawnSync(process.execPath, ['daemon/setup.mjs', '--quiet', '--dependencies'], {
  stdio: 'inherit',
});
if (setup.status !== 0) process.exit(setup.status ?? 1);

/** Runs a command and gives all it says. */
async function outputOf(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { status, output };
}

let failed = false;

async function check(title, command, args) {
  let findings = '';
  await step(title, async () => {
    const { status, output } = await outputOf(command, args);
    if (status === 0) return undefined;
    failed = true;
    findings = output;
    return 'failed:';
  });
  if (findings !== '') console.log(findings.trimEnd());
}

/** The script of a tool in node_modules. */
const tool = (...path) => join('node_modules', ...path);

await check('Types', process.execPath, [tool('typescript', 'bin', 'tsc'), '--noEmit']);
await check('ESLint', process.execPath, [tool('eslint', 'bin', 'eslint.js'), '--max-warnings=0', '.']);
await check('Prettier', process.execPath, [
  tool('prettier', 'bin', 'prettier.cjs'),
  '--check',
  '--log-level=warn',
  '.',
]);

const nativeSources = readdirSync('native', { recursive: true })
  .filter((path) => /\.(cc|h)$/.test(path))
  .map((path) => join('native', path));
if (spawnSync('clang-format', ['--version']).error) {
  console.error('clang-format ... not installed, native/ is not checked');
} else if (nativeSources.length > 0) {
  await check('clang-format', 'clang-format', ['--dry-run', '-Werror', ...nativeSources]);
}

if (failed) process.exitCode = 1;
