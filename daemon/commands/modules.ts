import type { Kernel } from '../../src/artifact/kernel.ts';
import { moduleRows } from '../../src/artifact/make-modules-table.ts';
import type { ModuleRow } from '../../src/artifact/make-modules-table.ts';
import { IkfsError } from '../../src/errors.ts';
import type { Command } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import { counted, formatCount, formatSize } from '../format-size.ts';
import { kernelOf, kernelsByInterest } from '../kernel-choice.ts';
import { sourceOptions } from '../options.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openKernels } from '../session.ts';
import type { Session } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { formatJson, formatTable } from '../table.ts';

/** Orders of the rows by the names that --sort takes. */
const orders: Readonly<Record<string, (a: ModuleRow, b: ModuleRow) => number>> = {
  name: () => 0,
  size: (a, b) => b.splitSize - a.splitSize,
};

export const modules: Command = {
  name: 'modules',
  summary: "tell which of a kernel's modules have BTF",
  usage: ['modules [OPTION...] [RELEASE]'],
  description: [
    'Looks at every module of a kernel and tells whether it has BTF, how much, and why not. Without RELEASE it is the running kernel, or the newest that has modules.',
  ],
  options: ['paths', 'sort', 'json', ...sourceOptions],
  operands: { least: 0, most: 1 },

  async run({ values, operands }) {
    const order = orders[values.sort ?? 'name'];
    if (!order) throw new IkfsError('usage', `unknown order '${values.sort ?? ''}' for --sort`);
    const session = await openKernels(sourcesOf(values), values['cache-dir']);
    try {
      const kernel = chooseKernel(session, operands[0]);
      const rows = await withProgress(`Looking at modules of ${kernel.release}`, (tell) =>
        moduleRows(
          kernel,
          (name) => kernel.moduleBtf(name),
          (done, all) => tell(`${formatCount(done)} of ${formatCount(all)}`),
        ),
      );
      rows.sort(order);
      const summary = summarise(rows);
      await write(
        values.json
          ? formatJson({ release: kernel.release, summary, modules: rows })
          : `${formatRows(rows, values.paths === true)}\n${describeSummary(summary)}\n`,
      );
      const exitCode: ExitCode = summary.unreadable > 0 ? 3 : 0;
      return exitCode;
    } finally {
      session.close();
    }
  },
};

/** @throws IkfsError `not-found` when there is no such kernel, or it has no modules */
function chooseKernel({ catalogue }: Session, release: string | undefined): Kernel {
  const candidates = release === undefined ? kernelsByInterest(catalogue) : [kernelOf(catalogue, release)];
  const kernel = candidates.find((each) => each.modules().modules.size > 0);
  if (kernel) return kernel;
  const names = candidates.map((each) => each.release).join(', ');
  throw new IkfsError('not-found', `there are no modules of ${names} on disk`);
}

/** The modules of a kernel in numbers. */
interface Summary {
  readonly modules: number;
  readonly withBtf: number;
  /** Bytes of all split BTF together. */
  readonly splitSize: number;
  readonly withoutBtf: number;
  readonly unreadable: number;
}

function summarise(rows: readonly ModuleRow[]): Summary {
  const having = (verdict: ModuleRow['verdict']): number =>
    rows.filter((row) => row.verdict === verdict).length;
  return {
    modules: rows.length,
    withBtf: having('ok'),
    splitSize: rows.reduce((sum, row) => sum + row.splitSize, 0),
    withoutBtf: having('no-section'),
    unreadable: having('unreadable'),
  };
}

function describeSummary({ modules: all, withBtf, splitSize, withoutBtf, unreadable }: Summary): string {
  const parts = [
    `${formatCount(withBtf)} with BTF (${formatSize(splitSize)})`,
    `${formatCount(withoutBtf)} without`,
    ...(unreadable > 0 ? [`${formatCount(unreadable)} unreadable`] : []),
  ];
  return `${counted(all, 'module')}: ${parts.join(', ')}`;
}

function formatRows(rows: readonly ModuleRow[], withPaths: boolean): string {
  const columns = [
    { title: 'MODULE' },
    { title: 'VERDICT' },
    { title: 'SIZE', align: 'right' },
    ...(withPaths ? [{ title: 'PATH' }] : []),
    { title: rows.some(({ reason }) => reason !== '') ? 'REASON' : '' },
  ] as const;
  return formatTable(
    columns,
    rows.map(({ name, verdict, splitSize, path, reason }) => [
      name,
      verdict,
      verdict === 'ok' ? String(splitSize) : '-',
      ...(withPaths ? [path] : []),
      reason,
    ]),
  );
}
