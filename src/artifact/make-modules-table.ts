import { setImmediate } from 'node:timers/promises';
import { memoryContent } from './content.ts';
import type { KernelContext } from './kernel-context.ts';
import type { Judgement } from './module-verdict.ts';
import type { Outcome } from './outcome.ts';

/** One module in modules.tsv. */
export interface ModuleRow extends Judgement {
  readonly name: string;
  readonly path: string;
}

/** Rows that are looked at side by side, and after which others get a turn: looking at thousands of modules must not hold up the event loop. */
const rowsInOneGo = 16;

/** The columns of modules.tsv, in order. */
export const moduleColumns = ['name', 'path', 'verdict', 'split size', 'flat size', 'reason'] as const;

/**
 * A row for every module, each looked at.
 * @param judge looks at a module
 * @param onRow told how far it has come
 */
export async function moduleRows(
  kernel: Pick<KernelContext, 'modules'>,
  judge: (name: string) => Promise<Judgement>,
  onRow: (done: number, all: number) => void = () => undefined,
): Promise<ModuleRow[]> {
  const rows: ModuleRow[] = [];
  const { modules } = kernel.modules();
  const all = [...modules.values()];
  for (let start = 0; start < all.length; start += rowsInOneGo) {
    const some = all.slice(start, start + rowsInOneGo);
    const judged = await Promise.all(some.map(({ name }) => judge(name)));
    some.forEach(({ name, path }, at) => {
      rows.push({ name, path, ...(judged[at] as Judgement) });
    });
    onRow(rows.length, modules.size);
    await setImmediate();
  }
  return rows;
}

/** `modules.tsv`: the rows with a line of column names before them. */
export async function makeModulesTable(
  kernel: KernelContext,
  judge: (name: string) => Promise<Judgement>,
): Promise<Outcome> {
  const places = [...kernel.sources.moduleFolders, ...kernel.sources.ramdisks];
  if (places.length === 0) {
    return {
      state: 'absent',
      attempts: [{ source: 'lib/modules', reason: 'no folder or ramdisk with modules for this release' }],
    };
  }
  const rows = await moduleRows(kernel, judge);
  const lines = rows.map(({ name, path, verdict, splitSize, flatSize, reason }) =>
    [name, path, verdict, String(splitSize), String(flatSize), reason].map(asField).join('\t'),
  );
  return {
    state: 'ready',
    content: memoryContent(`${[moduleColumns.join('\t'), ...lines].join('\n')}\n`),
    provenance: { source: places.join(', '), steps: [], derived: true, modified: 0 },
    attempts: [],
  };
}

/** A field has no tab and no newline; a path or message that does would break the table. */
function asField(text: string): string {
  return text.replaceAll(/[\t\n\r]/g, ' ');
}
