/*
 * Builds the addon into build/Release/ikfs.node, unless the one there was built from the same sources for the
 * same Node. Without an addon ikfs does the same in JavaScript, so a build that fails is a line for the user and
 * status 0; status 1 only where IKFS_REQUIRE names `addon`.
 *
 *   node native/build.mjs           what is needed
 *   node native/build.mjs --force   from scratch
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasLibrary, libraries } from './codec/libraries.mjs';
import { compiler, findNodeGyp, headerFolder, missingTools } from './toolchain.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'build');
const addon = join(folder, 'Release', 'ikfs.node');
const stamp = join(folder, 'ikfs.stamp');
const log = join(folder, 'build.log');

/** Changes with everything that decides what the build puts out. */
function inputsHash(missing) {
  const hash = createHash('sha256');
  const sources = readdirSync(join(root, 'native'), { recursive: true })
    .filter((name) => /\.(cc|h)$/.test(name))
    .map((name) => join('native', name))
    .sort();
  const nodeAddonApi = join('node_modules', 'node-addon-api', 'package.json');
  for (const path of ['binding.gyp', nodeAddonApi, ...sources]) {
    const content = existsSync(join(root, path)) ? readFileSync(join(root, path)) : '';
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  const { arch, version, versions, env } = process;
  hash.update(JSON.stringify([version, versions.modules, arch, compiler, missing, env.IKFS_WERROR ?? '0']));
  return hash.digest('hex');
}

/** Why the build failed, from its log. */
function reasonIn(text) {
  const missing = /fatal error: (\S+): No such file/.exec(text)?.[1];
  if (missing) return `the header ${missing} is missing`;
  if (/gyp ERR! find Python/.test(text)) return 'node-gyp found no Python 3 that it can use';
  if (/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|FetchError|response downloading|network/.test(text)) {
    return "Node's headers are not installed and can not be downloaded";
  }
  const error = /^.*\berror: .*$/m.exec(text)?.[0];
  return error ? `the compiler says ${error.trim()}` : 'node-gyp failed';
}

/** Runs node-gyp with all that it says in the log. @returns whether it succeeded */
function runNodeGyp(script, command) {
  const headers = process.env.npm_config_nodedir || headerFolder();
  const options = ['--release', '--jobs=max', ...(headers ? [`--nodedir=${headers}`] : [])];
  // binding.gyp runs `node`, which need not be on PATH where this was started by its full path.
  const PATH = [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter);
  const output = openSync(log, 'a');
  try {
    const { status } = spawnSync(process.execPath, [script, command, ...options], {
      cwd: root,
      env: { ...process.env, PATH },
      stdio: ['ignore', output, output],
    });
    return status === 0;
  } finally {
    closeSync(output);
  }
}

/** Builds. @returns why there is no addon afterwards, or undefined when there is one */
function build(force) {
  const missing = missingTools();
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  const nodeGyp = findNodeGyp();
  if (!nodeGyp) return 'node-gyp, which comes with npm, was not found';
  if (force) rmSync(join(folder, 'Release'), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  rmSync(log, { force: true });
  const built = runNodeGyp(nodeGyp, 'configure') && runNodeGyp(nodeGyp, 'build') && existsSync(addon);
  return built ? undefined : `${reasonIn(readFileSync(log, 'utf8'))} (all of it is in build/build.log)`;
}

const force = process.argv.includes('--force');
const missing = Object.keys(libraries).filter((name) => !hasLibrary(name));
const hash = inputsHash(missing);
if (force || !existsSync(addon) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
  rmSync(stamp, { force: true });
  const failure = build(force);
  if (failure === undefined) {
    writeFileSync(stamp, hash);
    for (const name of missing) {
      const { library, package: from, decodes } = libraries[name];
      console.log(`The addon was built without ${library} (${from}): ${decodes} is decoded in JavaScript`);
    }
  } else {
    // An addon of other sources must not be loaded by these.
    rmSync(addon, { force: true });
    console.error(`error: the addon was not built, ikfs works without it, more slowly: ${failure}`);
    if ((process.env.IKFS_REQUIRE ?? '').split(',').includes('addon')) process.exitCode = 1;
  }
}
