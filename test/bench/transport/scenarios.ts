import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, timeCommand } from './commands.ts';
import { recordCompile, timeCompile } from './compile.ts';
import type { MountedTree } from './subject.ts';

/** Everything that is measured on a tree, in seconds; `cold` is the first use of a mount. */
export const scenarios = [
  'first stat',
  'cold compile',
  'warm compile',
  'cold replay',
  'warm replay',
  'cold find',
  'warm find',
  'warm cat',
  'warm grep',
] as const;

export type Scenario = (typeof scenarios)[number];

/** What is done with one mount, from its first use on. */
export interface Part {
  readonly name: string;
  readonly run: (tree: MountedTree, report: (scenario: Scenario, seconds: number) => void) => void;
}

/** Where the parts find what was prepared for them. */
export interface Prepared {
  /** The program `replay`, and its list of calls. */
  readonly replay: string;
  readonly calls: string;
  /** All files of the tree, with a zero byte behind each. */
  readonly files: string;
}

/** Records what a compilation asks for and which files there are. @param folder where the lists go */
export function prepareLists(tree: string, folder: string): Omit<Prepared, 'replay'> {
  const calls = join(folder, 'calls');
  const files = join(folder, 'files');
  writeFileSync(calls, `${recordCompile(tree).join('\n')}\n`);
  writeFileSync(files, runCommand('find', ['.', '-type', 'f', '-print0'], { cwd: tree }));
  return { calls, files };
}

/** What a replay came to: seconds, and what it found, which must be the same wherever the tree comes from. */
interface Replayed {
  readonly seconds: number;
  readonly found: string;
}

function replay({ replay: program, calls }: Prepared, { top }: MountedTree): Replayed {
  const [nanoseconds = '', ...found] = runCommand(program, [calls], { cwd: top }).trim().split(' ');
  return { seconds: Number(nanoseconds) / 1e9, found: found.join(' ') };
}

/** What is cold is so once a mount; what is warm is measured more often, as its bars are close. */
function twice(measure: () => void): void {
  measure();
  measure();
}

/** The parts, each to be run on a mount of its own. */
export function parts(prepared: Prepared): readonly Part[] {
  let expected: string | undefined;
  const timeReplay = (tree: MountedTree): number => {
    const { seconds, found } = replay(prepared, tree);
    expected ??= found;
    if (found !== expected) throw new Error(`replay found ${found} where it found ${expected} before`);
    return seconds;
  };
  const timeFind = ({ top }: MountedTree): number => timeCommand('find', ['.', '-type', 'f'], { cwd: top });
  const timeCat = ({ top }: MountedTree): number =>
    timeCommand('xargs', ['-0', '-a', prepared.files, 'cat'], { cwd: top });
  // All is read, as this is nowhere; and it can not stop at the first match, as with output to /dev/null.
  const timeGrep = ({ top }: MountedTree): number =>
    timeCommand('grep', ['-r', 'in no header at all', '.'], { cwd: top, succeeds: [1] });
  return [
    {
      name: 'touch',
      run(tree, report) {
        const started = performance.now();
        statSync(join(tree.top, 'include', 'linux', 'kconfig.h'));
        report('first stat', (performance.now() - started) / 1000);
      },
    },
    {
      name: 'compile',
      run(tree, report) {
        report('cold compile', timeCompile(tree.top));
        twice(() => report('warm compile', timeCompile(tree.top)));
      },
    },
    {
      name: 'replay',
      run(tree, report) {
        report('cold replay', timeReplay(tree));
        report('warm replay', timeReplay(tree));
      },
    },
    {
      name: 'walk',
      run(tree, report) {
        report('cold find', timeFind(tree));
        timeCat(tree);
        twice(() => {
          report('warm find', timeFind(tree));
          report('warm cat', timeCat(tree));
          report('warm grep', timeGrep(tree));
        });
      },
    },
  ];
}
