/* What building the addon needs, and where it is on this machine. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The command and arguments of the C++ compiler: CXX as for make, else g++. */
export const compiler = (process.env.CXX ?? 'g++').trim().split(/\s+/);

/** The Node installation that runs this, such as /usr. */
const prefix = dirname(dirname(process.execPath));

/** Whether a command, by name or path, can be run. */
export function isInstalled(command) {
  const folders = command.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Names of the programs that the build needs and that are not there. */
export function missingTools() {
  const python = [process.env.PYTHON, 'python3', 'python'].some((name) => name && isInstalled(name));
  return [...(python ? [] : ['python3']), ...['make', compiler[0]].filter((name) => !isInstalled(name))];
}

/**
 * The folder whose include/node holds the headers of the running Node, or undefined: node-gyp then uses those
 * that it knows, or downloads them.
 */
export function headerFolder() {
  const headers = ['node_api.h', 'common.gypi', 'config.gypi'].map((name) =>
    join(prefix, 'include', 'node', name),
  );
  return headers.every((path) => existsSync(path)) ? prefix : undefined;
}

/** node-gyp's script: the one that npm names to its scripts, else the one of the npm beside this Node. */
export function findNodeGyp() {
  const { npm_config_node_gyp: named, npm_execpath: npm } = process.env;
  const script = join('node-gyp', 'bin', 'node-gyp.js');
  return [
    named,
    npm && join(dirname(dirname(npm)), 'node_modules', script),
    join(prefix, 'lib', 'node_modules', 'npm', 'node_modules', script),
    join(prefix, 'share', 'nodejs', 'npm', 'node_modules', script),
    join(prefix, 'share', 'nodejs', script),
    join(prefix, 'share', 'node_modules', script),
  ].find((path) => path && existsSync(path));
}
