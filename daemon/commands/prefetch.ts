import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { ikfsType, mountOf, mountsAdvice } from '../../src/transport/mount-table.ts';
import type { Command } from '../command.ts';
import { Failures } from '../failures.ts';
import { counted, formatSize } from '../format-size.ts';
import { mountFailure } from '../mount-failure.ts';
import { defaultMountpoint } from '../mountpoint.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { readThrough } from '../read-through.ts';
import { formatJson } from '../table.ts';

export const prefetch: Command = {
  name: 'prefetch',
  summary: "read header trees of a mount into the kernel's cache",
  usage: ['prefetch [OPTION...] [MOUNTPOINT]', 'prefetch [OPTION...] PATH...'],
  description: [
    "Reads files of a mount, so that the kernel has them in its cache and the first compilation finds them there. Of a MOUNTPOINT (default: where ikfs mount mounts) that is the running kernel's header tree, or where that is not in the mount, every kernel's. Of any other PATH in a mount, it is all that is below.",
    'What takes up the cache gives way when memory is short.',
  ],
  options: ['json'],
  operands: { least: 0, most: Infinity },

  async run({ values, operands }) {
    const failures = new Failures();
    const started = performance.now();
    const paths = (operands.length === 0 ? [defaultMountpoint()] : operands).flatMap((operand) => {
      try {
        return prefetched(resolve(operand));
      } catch (thrown) {
        failures.add(thrown);
        return [];
      }
    });
    // What was refused has been told; there is nothing to add.
    if (paths.length === 0) return failures.exitCode;
    let [files, bytes] = [0, 0];
    await withProgress('Prefetching', (tell) => {
      for (const path of paths) {
        const read = readThrough(
          path,
          (soFar) => tell(`${counted(files + soFar.files, 'file')}, ${formatSize(bytes + soFar.bytes)}`),
          (thrown, at) => failures.add(mountFailure(thrown, at)),
        );
        files += read.files;
        bytes += read.bytes;
      }
      return Promise.resolve();
    });
    const milliseconds = Math.round(performance.now() - started);
    if (values.json) await write(formatJson({ paths, files, bytes, milliseconds }));
    else {
      const seconds = (milliseconds / 1000).toFixed(1);
      await write(`${counted(files, 'file')}, ${formatSize(bytes)} in ${seconds} s\n`);
    }
    return failures.exitCode;
  },
};

/**
 * The paths that are read for an operand.
 * @param operand absolute
 * @throws IkfsError `not-found` when it is not in an ikfs mount, or a mount without headers
 */
function prefetched(operand: string): string[] {
  let path: string;
  try {
    path = realpathSync(operand);
  } catch (thrown) {
    throw mountFailure(thrown, operand).within({ advice: mountsAdvice() });
  }
  const mount = mountOf(path);
  if (mount?.type !== ikfsType) {
    throw new IkfsError('not-found', 'is not in an ikfs mount', { path: operand, advice: mountsAdvice() });
  }
  if (path !== mount.mountpoint) return [path];
  const trees = headerTrees(path);
  if (trees.length === 0) throw new IkfsError('not-found', 'no kernel there has headers', { path: operand });
  return trees;
}

/** The header trees of a mount: the running kernel's, else every kernel's. */
function headerTrees(mountpoint: string): string[] {
  const running = headerTreeOf(join(mountpoint, 'running'));
  if (running !== undefined) return [attempt(running, () => realpathSync(running))];
  return attempt(mountpoint, () => readdirSync(mountpoint, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => headerTreeOf(join(mountpoint, name)) ?? []);
}

/** The header tree that tools are led to. @param kernel path of its directory */
function headerTreeOf(kernel: string): string | undefined {
  return ['build', 'bpf-headers'].map((name) => join(kernel, name)).find(isThere);
}

function isThere(path: string): boolean {
  return attempt(path, () => statSync(path, { throwIfNoEntry: false })) !== undefined;
}

/** Does something with a path of the mount. @throws IkfsError with what the mount failed with */
function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw mountFailure(thrown, path);
  }
}
