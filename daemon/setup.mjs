#!/usr/bin/env node
/*
 * Makes a fresh checkout ready to run: dependencies, the native addon, compiled TypeScript. Does only what is
 * needed, so every npm script starts with it. Plain Node without dependencies, because it runs before there
 * are any.
 *
 *   node daemon/setup.mjs                   what is needed
 *   node daemon/setup.mjs --quiet           the same, without a word when nothing is
 *   node daemon/setup.mjs --build           addon and TypeScript from scratch
 *   node daemon/setup.mjs --dependencies    dependencies alone
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from './step.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inRoot = (...parts) => join(root, ...parts);
const logs = inRoot('.build', 'setup');

/** A step that did not work out, in one line for the user. */
class SetupError extends Error {}

// --- Running a command with everything it says in a log.

/** Runs a command in the checkout; its output goes to a log of that name. @returns exit status and log */
async function run(name, command, args) {
  mkdirSync(logs, { recursive: true });
  const path = join(logs, `${name}.log`);
  const log = openSync(path, 'w');
  try {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', log, log] });
    const status = await new Promise((resolve, reject) => {
      child.on('error', (error) => {
        reject(new SetupError(`${command} can not be run: ${error.message}`));
      });
      child.on('exit', (code, signal) => {
        resolve(code ?? signal);
      });
    });
    return { status, path, lines: readFileSync(path, 'utf8').split('\n') };
  } finally {
    closeSync(log);
  }
}

const whereLogged = (path) => `all of it is in ${relative(process.cwd(), path) || path}`;

// --- Dependencies.

/** The packages in one of npm's lock files by their place in the checkout; none when it is missing. */
function lockedPackages(path) {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')).packages ?? {}) : {};
}

/**
 * Whether npm's own record of what it installed names everything in package-lock.json. A plain `npm ci` counts
 * as well as one made here; what is bound to another platform may be missing.
 */
function dependenciesInstalled() {
  const installed = lockedPackages(inRoot('node_modules', '.package-lock.json'));
  return Object.entries(lockedPackages(inRoot('package-lock.json'))).every(([place, locked]) => {
    if (place === '' || locked.os || locked.cpu || locked.libc) return true;
    const found = installed[place];
    return found?.version === locked.version && found?.integrity === locked.integrity;
  });
}

async function installDependencies() {
  // Within an npm script this is the npm that runs it, whatever PATH says.
  const running = process.env.npm_execpath;
  const [command, before] =
    running && basename(running) === 'npm-cli.js' ? [process.execPath, [running]] : ['npm', []];
  // No dependency's install script is run: those that have one ship a prebuilt addon, and compiling it
  // instead would take a tool chain and Node's headers.
  const { status, path, lines } = await run('install', command, [
    ...before,
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
  ]);
  if (status === 0) return;
  const said =
    lines.find((line) => /^npm (error|ERR!) (?!code|errno|syscall)/.test(line)) ?? `it ended with ${status}`;
  throw new SetupError(`npm ci failed: ${said.replace(/^npm (error|ERR!) /, '')}; ${whereLogged(path)}`);
}

// --- The addon. Its own script knows whether there is anything to do, and fails only where it is required.

const addonScript = inRoot('native', 'build.mjs');

/** @returns what the script has to say: why there is no addon, or what it lacks */
async function buildAddon(afresh) {
  const { status, lines } = await run('addon', process.execPath, [
    addonScript,
    ...(afresh ? ['--force'] : []),
  ]);
  const said = lines
    .filter((line) => line !== '')
    .join('; ')
    .replace(/^error: /, '');
  if (status !== 0) throw new SetupError(said);
  return said === '' ? undefined : said;
}

// --- TypeScript.

const compiled = inRoot('dist');
const sourceFolders = ['daemon', 'src', 'test'];

/** All files below a folder, as paths from the checkout, sorted. */
function filesBelow(folder, extension) {
  if (!existsSync(inRoot(folder))) return [];
  return readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** Changes with everything that decides what the compiler puts out. */
function sourcesHash() {
  const hash = createHash('sha256');
  const sources = sourceFolders.flatMap((folder) => filesBelow(folder, '.ts'));
  for (const path of ['tsconfig.json', 'package-lock.json', ...sources]) {
    const content = readFileSync(inRoot(path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

const stamp = join(compiled, '.sources');

/** The hash of the sources that were compiled last without an error. */
function compiledFrom() {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

/** Removes what was compiled from a source that is gone, lest a deleted test goes on running. */
function removeStale() {
  for (const path of filesBelow('dist', '.js')) {
    const source = inRoot(relative('dist', path).replace(/\.js$/, '.ts'));
    if (existsSync(source)) continue;
    rmSync(inRoot(path));
    rmSync(inRoot(`${path}.map`), { force: true });
  }
}

async function compile(sources, afresh) {
  rmSync(stamp, { force: true });
  if (afresh) rmSync(compiled, { recursive: true, force: true });
  removeStale();
  const { status, path, lines } = await run('compile', process.execPath, [
    inRoot('node_modules', 'typescript', 'bin', 'tsc'),
    '--incremental',
    '--tsBuildInfoFile',
    join(compiled, '.tsbuildinfo'),
  ]);
  const command = join(compiled, 'daemon', 'main.js');
  if (existsSync(command)) chmodSync(command, 0o755);
  if (status === 0) {
    writeFileSync(stamp, sources);
    return;
  }
  const errors = lines.filter((line) => line.includes('error TS'));
  const said =
    errors[0] === undefined ? `it ended with ${status}` : `error 1 of ${errors.length}: ${errors[0]}`;
  throw new SetupError(`compiling failed, ${said}; ${whereLogged(path)}`);
}

// --- All of it.

/** What the command line may ask for. */
const known = ['--quiet', '--build', '--dependencies'];

async function setup(options) {
  const unknown = options.find((option) => !known.includes(option));
  if (unknown) throw new SetupError(`there is no option ${unknown}; there are ${known.join(', ')}`);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`ikfs needs Node 20.19 or newer; this is ${process.version}`);
  }

  let worked = false;
  const afresh = options.includes('--build');
  if (!dependenciesInstalled()) {
    worked = await step('Installing dependencies', installDependencies);
  }
  if (options.includes('--dependencies')) return;
  if (existsSync(addonScript)) {
    worked = (await step('Building the native addon', () => buildAddon(afresh), 1000)) || worked;
  }
  const sources = sourcesHash();
  if (afresh || compiledFrom() !== sources) {
    worked = await step('Compiling TypeScript', () => compile(sources, afresh));
  }
  if (!worked && !options.includes('--quiet')) process.stderr.write('Everything is up to date\n');
}

try {
  await setup(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`ikfs setup: ${error.message}\n`);
  process.exitCode = 1;
}
