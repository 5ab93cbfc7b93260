import { setImmediate } from 'node:timers/promises';
import { memoryContent } from './content.ts';
import type { KernelContext } from './kernel-context.ts';
import { verdictOf } from './make-module-btf.ts';
import type { Verdict } from './make-module-btf.ts';
import type { Outcome } from './outcome.ts';

/** One module in modules.tsv. */
export interface ModuleRow {
  readonly name: string;
  readonly path: string;
  readonly verdict: Verdict;
  /** Bytes of its split BTF; 0 when it has none. */
  readonly splitSize: number;
  /** Why there is none; empty when there is. */
  readonly reason: string;
}

/** Rows between which others get a turn: looking at thousands of modules must not hold up the event loop. */
const rowsInOneGo = 16;

/** The columns of modules.tsv, in order. */
export const moduleColumns = ['name', 'path', 'verdict', 'split size', 'reason'] as const;

/**
 * A row for every module, each looked at.
 * @param btfOf asks for a module's BTF
 * @param onRow told how far it has come
 */
export async function moduleRows(
  kernel: Pick<KernelContext, 'modules'>,
  btfOf: (name: string) => Promise<Outcome>,
  onRow: (done: number, all: number) => void = () => undefined,
): Promise<ModuleRow[]> {
  const rows: ModuleRow[] = [];
  const { modules } = kernel.modules();
  for (const { name, path } of modules.values()) {
    const { verdict, size, reason } = verdictOf(await btfOf(name));
    rows.push({ name, path, verdict, splitSize: size, reason });
    onRow(rows.length, modules.size);
    if (rows.length % rowsInOneGo === 0) await setImmediate();
  }
  return rows;
}

/** `modules.tsv`: the rows with a line of column names before them. */
export async function makeModulesTable(
  kernel: KernelContext,
  btfOf: (name: string) => Promise<Outcome>,
): Promise<Outcome> {
  if (kernel.sources.moduleFolders.length === 0) {
    return {
      state: 'absent',
      attempts: [{ source: 'lib/modules', reason: 'no folder of modules for this release' }],
    };
  }
  const rows = await moduleRows(kernel, btfOf);
  const lines = rows.map(({ name, path, verdict, splitSize, reason }) =>
    [name, path, verdict, String(splitSize), reason].map(asField).join('\t'),
  );
  return {
    state: 'ready',
    content: memoryContent(`${[moduleColumns.join('\t'), ...lines].join('\n')}\n`),
    provenance: { source: kernel.sources.moduleFolders.join(', '), steps: [], derived: true, modified: 0 },
    attempts: [],
  };
}

/** A field has no tab and no newline; a path or message that does would break the table. */
function asField(text: string): string {
  return text.replaceAll(/[\t\n\r]/g, ' ');
}
