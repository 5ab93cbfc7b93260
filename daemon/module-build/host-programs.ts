import { existsSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { hostPrograms } from '../../src/artifact/host-programs.ts';
import type { HostProgram } from '../../src/artifact/host-programs.ts';
import type { HeaderTree } from '../../src/artifact/header-tree.ts';
import { IkfsError } from '../../src/errors.ts';
import { log } from '../log.ts';
import { runMake } from './make.ts';
import type { WorkTree } from './work-tree.ts';

/** Programs that the build of a module runs; Debian has modpost in several, named modpost.real-*. */
const ofModules = /^(?:fixdep|modpost(?:\..+)?|genksyms|objtool|recordmcount|sorttable|resolve_btfids)$/;

/** Those of them that every build runs. */
const always = ['scripts/basic/fixdep', 'scripts/mod/modpost'];

/** A program that can not be run here, and why. */
interface Unfit {
  readonly path: string;
  readonly why: string;
}

/**
 * Sees to it that the programs that kbuild runs do run on this machine: what does not is made anew where the archive has the
 * sources.
 * @throws IkfsError `unavailable` when there are no sources, or they do not compile
 */
export async function makeRunnable(
  tree: HeaderTree,
  workTree: WorkTree,
  makeArguments: readonly string[],
): Promise<void> {
  const unfit = unfitAmong(await hostPrograms(tree), workTree);
  if (unfit.length === 0) return;
  const folders = [...new Set(unfit.map(({ path }) => posix.dirname(path)))];
  const bare = folders.filter((folder) => !hasSources(workTree, folder));
  if (bare.length > 0) {
    const lost = unfit.filter(({ path }) => bare.includes(posix.dirname(path)));
    throw new IkfsError(
      'unavailable',
      `the archive's ${describe(lost)}, and it has no sources to build them anew`,
      {
        advice:
          'Build on a machine of that kind, or give ikfs an archive whose scripts/ and tools/ are of this one',
      },
    );
  }
  log('info', `building anew what does not run here: ${describe(unfit)}`);
  for (const { path } of unfit) workTree.removeFile(path);
  for (const folder of folders) removeObjects(workTree, folder);
  const [scripts, tools] = [folders.filter(isOfScripts), folders.filter((folder) => !isOfScripts(folder))];
  const goals = [
    ...(scripts.length > 0 ? ['ikfs-host-programs', `IKFS_FOLDERS=${inOrder(scripts).join(' ')}`] : []),
    ...tools,
  ];
  try {
    await runMake(workTree, [...goals, ...makeArguments]);
  } catch (thrown) {
    throw thrown instanceof IkfsError && thrown.code === 'not-found'
      ? new IkfsError('unavailable', 'host programs could not be built', {
          advice:
            'See what make has said above; kernels need a compiler, flex, bison and the headers of libelf',
          cause: thrown,
        })
      : thrown;
  }
}

function unfitAmong(programs: readonly HostProgram[], workTree: WorkTree): Unfit[] {
  const wanted = programs.filter(({ path }) => ofModules.test(posix.basename(path)));
  const missing = always.filter((path) => !workTree.has(path)).map((path) => ({ path, why: 'is not there' }));
  return [
    ...missing,
    ...wanted.flatMap(({ path, machine, isForeign, interpreter }): Unfit[] => {
      if (isForeign) return [{ path, why: `is for ${machine}` }];
      if (interpreter === undefined || existsSync(interpreter)) return [];
      return [{ path, why: `needs ${interpreter}` }];
    }),
  ];
}

function describe(unfit: readonly Unfit[]): string {
  return unfit.map(({ path, why }) => `${path} ${why}`).join(', ');
}

function isOfScripts(folder: string): boolean {
  return folder.startsWith('scripts');
}

/** fixdep first: all that kbuild compiles goes through it. */
function inOrder(folders: readonly string[]): string[] {
  return [...folders].sort((a, b) => Number(b === 'scripts/basic') - Number(a === 'scripts/basic'));
}

function hasSources(workTree: WorkTree, folder: string): boolean {
  return workTree.has(folder) && readdirSync(workTree.at(folder)).some((name) => name.endsWith('.c'));
}

/** Removes what another machine has compiled, which make would take for up to date. */
function removeObjects(workTree: WorkTree, folder: string): void {
  for (const name of readdirSync(workTree.at(folder))) {
    if (/\.(?:o|a)$|^\..*\.cmd$/.test(name)) workTree.removeFile(posix.join(folder, name));
  }
}
