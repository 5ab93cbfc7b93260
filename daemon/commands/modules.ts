import type { Kernel } from '../../src/artifact/kernel.ts';
import type { ModuleRow } from '../../src/artifact/make-modules-table.ts';
import type { Verdict } from '../../src/artifact/module-verdict.ts';
import { IkfsError } from '../../src/errors.ts';
import type { Command } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import { counted, formatCount, formatSize } from '../format-size.ts';
import { kernelOf, kernelsByInterest } from '../kernel-choice.ts';
import { sourceOptions } from '../options.ts';
import { wholeNumber } from '../whole-number.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openKernels } from '../session.ts';
import type { Session } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
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
  options: ['paths', 'sort', 'sizes', 'top', 'json', ...sourceOptions],
  operands: { least: 0, most: 1 },

  async run({ values, operands }) {
    const order = orders[values.sort ?? 'name'];
    if (!order) throw new IkfsError('usage', `unknown order '${values.sort ?? ''}' for --sort`);
    const session = await openKernels(sourcesOf(values), keepingOf(values));
    try {
      const kernel = chooseKernel(session, operands[0]);
      const most = wholeNumber('top', values.top, 20, { least: 0, most: 1_000_000 });
      const rows = await withProgress(`Looking at modules of ${kernel.release}`, (tell) =>
        kernel.moduleRows((done, all) => tell(`${formatCount(done)} of ${formatCount(all)}`)),
      );
      if (values.sizes) {
        await write(describeSizes(kernel.release, rows, most, values.json === true));
        return 0;
      }
      rows.sort(order);
      const summary = summarise(rows);
      await write(
        values.json
          ? formatJson({ release: kernel.release, summary, modules: rows })
          : `${formatRows(rows, values.paths === true)}\n${describeSummary(summary)}\n`,
      );
      const exitCode: ExitCode = summary.unreadable + summary.mismatched > 0 ? 3 : 0;
      return exitCode;
    } finally {
      session.close();
    }
  },
};

/** `--sizes`: the largest modules and all together, as the change that brought split BTF reported them. */
function describeSizes(release: string, rows: readonly ModuleRow[], most: number, asJson: boolean): string {
  const sizes = rows.filter(({ flatSize }) => flatSize > 0).sort((a, b) => b.flatSize - a.flatSize);
  const total = (size: 'splitSize' | 'flatSize'): number => sizes.reduce((sum, row) => sum + row[size], 0);
  const totals = { modules: sizes.length, split: total('splitSize'), flat: total('flatSize') };
  if (asJson) {
    const modules = sizes.map(({ name, splitSize, flatSize }) => ({
      name,
      split: splitSize,
      flat: flatSize,
    }));
    return formatJson({ release, totals, modules });
  }
  const line = (name: string, split: number, flat: number): string[] => [
    name,
    String(flat),
    String(split),
    `${((100 * split) / Math.max(flat, 1)).toFixed(1)} %`,
  ];
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const table = formatTable(
    [{ title: 'MODULE' }, right('FLAT'), right('SPLIT'), right('SPLIT/FLAT')],
    [
      ...sizes.slice(0, most).map(({ name, splitSize, flatSize }) => line(name, splitSize, flatSize)),
      line(`all ${formatCount(sizes.length)}`, totals.split, totals.flat),
    ],
  );
  const sums = `${formatSize(totals.flat)} flat, ${formatSize(totals.split)} split`;
  return `${table}\n${counted(sizes.length, 'module')}: ${sums}\n`;
}

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
  /** Of these, such as were put onto the kernel's BTF from a distilled base. */
  readonly relocated: number;
  /** Bytes of all split BTF together. */
  readonly splitSize: number;
  readonly withoutBtf: number;
  /** Such as the kernel would refuse. */
  readonly mismatched: number;
  readonly unreadable: number;
}

function summarise(rows: readonly ModuleRow[]): Summary {
  const having = (...verdicts: readonly Verdict[]): number =>
    rows.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return {
    modules: rows.length,
    withBtf: having('ok', 'relocated'),
    relocated: having('relocated'),
    splitSize: rows.reduce((sum, row) => sum + row.splitSize, 0),
    withoutBtf: having('none', 'no-section'),
    mismatched: having('mismatch'),
    unreadable: having('unreadable'),
  };
}

function describeSummary(summary: Summary): string {
  const some = (count: number, what: string): string[] =>
    count > 0 ? [`${formatCount(count)} ${what}`] : [];
  const parts = [
    `${formatCount(summary.withBtf)} with BTF (${formatSize(summary.splitSize)})`,
    ...some(summary.relocated, 'of them relocated'),
    `${formatCount(summary.withoutBtf)} without`,
    ...some(summary.mismatched, "that do not go with the kernel's"),
    ...some(summary.unreadable, 'unreadable'),
  ];
  return `${counted(summary.modules, 'module')}: ${parts.join(', ')}`;
}

function formatRows(rows: readonly ModuleRow[], withPaths: boolean): string {
  const columns = [
    { title: 'MODULE' },
    { title: 'VERDICT' },
    { title: 'SPLIT', align: 'right' },
    { title: 'FLAT', align: 'right' },
    ...(withPaths ? [{ title: 'PATH' }] : []),
    { title: rows.some(({ reason }) => reason !== '') ? 'REASON' : '' },
  ] as const;
  return formatTable(
    columns,
    rows.map(({ name, verdict, splitSize, flatSize, path, reason }) => [
      name,
      verdict,
      splitSize > 0 ? String(splitSize) : '-',
      flatSize > 0 ? String(flatSize) : '-',
      ...(withPaths ? [path] : []),
      reason,
    ]),
  );
}
