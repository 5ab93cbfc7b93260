import type { Catalogue } from '../src/artifact/catalogue.ts';
import type { Status } from '../src/tree/status.ts';
import { withoutSource } from './attempts.ts';
import { askEvidence, environmentOf, exportLine } from './environment.ts';
import type { Variable } from './environment.ts';
import { kernelsByInterest } from './kernel-choice.ts';
import { summariseKernel } from './kernel-summary.ts';
import { formatJson, formatTable } from './table.ts';

/** What a mount tells once it is there. */
export interface MountReport {
  readonly catalogue: Catalogue;
  readonly mountpoint: string;
  readonly variables: readonly Variable[];
}

/** Gathers the report; makes nothing, and looks at nothing below the mountpoint. */
export async function mountReport(catalogue: Catalogue, mountpoint: string): Promise<MountReport> {
  return { catalogue, mountpoint, variables: await environmentOf(catalogue, mountpoint, askEvidence) };
}

/** The report for people. @param lastLine how to end it */
export function formatReport({ catalogue, mountpoint, variables }: MountReport, lastLine: string): string {
  const kernels = kernelsByInterest(catalogue).map((kernel) =>
    summariseKernel(kernel, kernel.release === catalogue.running),
  );
  const rejected = catalogue.rejected.map(({ source, reason }) => [source, withoutSource(source, reason)]);
  return [
    `Mounted at ${mountpoint}\n`,
    ...kernels,
    ...(rejected.length === 0
      ? []
      : [`Rejected\n${formatTable([{ title: '' }, { title: '' }], rejected, '  ')}`]),
    formatVariables(variables),
    `${lastLine}\n`,
  ].join('\n');
}

function formatVariables(variables: readonly Variable[]): string {
  if (variables.length === 0) return 'bcc and bpftrace: nothing to set, no kernel here has headers\n';
  const rows = variables.map((variable) => [
    exportLine(variable),
    variable.remark === undefined ? '' : `# ${variable.remark}`,
  ]);
  return `For this shell\n${formatTable([{ title: '' }, { title: '' }], rows, '  ')}`;
}

/** The report for programs. */
export function formatReportJson({ mountpoint, variables }: MountReport, status: Status): string {
  return formatJson({ mountpoint, variables, status });
}
