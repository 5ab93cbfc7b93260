import type { ArtifactStatus, KernelStatus, Status } from '../src/tree/status.ts';
import { counted, formatSize } from './format-size.ts';
import { formatTable } from './table.ts';

const untitled = [{ title: '' }, { title: '' }];

/** The state of a mount for people: itself, then a table for each kernel. */
export function formatStatus(status: Status, mountpoint: string): string {
  const { store, storeProblem, fence, counters, rejected } = status;
  const requests = Object.values(status.requests).reduce((sum, count) => sum + count, 0);
  const rows = [
    ['store', storeProblem === undefined ? store : `${store}, in memory for now: ${storeProblem}`],
    ['fence', fence.length === 0 ? 'none' : fence.join(', ')],
    ['read', `${formatSize(counters.bytesRead)} of ${counted(counters.filesOpened, 'file')}`],
    ['made', counted(counters.artifactsMade, 'artifact')],
    ['answered', counted(requests, 'request')],
    ...rejected.map(({ source, reason }) => ['rejected', `${source}: ${reason}`]),
  ];
  const own = `ikfs ${status.ikfs} at ${mountpoint}\n${formatTable(untitled, rows, '  ')}`;
  return [own, ...status.kernels.map(formatKernel)].join('\n');
}

function formatKernel(kernel: KernelStatus): string {
  const { release, running, artifacts, modules, failedModules, findings } = kernel;
  const asked = Object.entries(artifacts).filter(
    ([, { state }]) => state !== 'present' && state !== 'possible',
  );
  const rows = [
    ...asked.map(([name, artifact]) => [name, artifact.state, sizeOf(artifact), originOf(artifact)]),
    ...Object.entries(failedModules).map(([name, error]) => [`btf/${name}`, 'failed', '', error]),
  ];
  const { ready, absent, failed } = modules;
  if (ready + absent + failed > 0) {
    rows.push(['btf/MODULE', `${ready} ready`, '', `${absent} absent, ${failed} failed`]);
  }
  const columns = [{ title: '' }, { title: '' }, { title: '', align: 'right' as const }, { title: '' }];
  return [
    `${release}${running ? ' (running)' : ''}\n`,
    rows.length === 0 ? '  nothing has been asked for yet\n' : formatTable(columns, rows, '  '),
    ...findings.map((finding) => `  note: ${finding}\n`),
  ].join('');
}

function sizeOf({ size }: ArtifactStatus): string {
  return size === undefined ? '' : formatSize(size);
}

/** Where it came from, or why it is not there. */
function originOf({ source, derived, error, tried }: ArtifactStatus): string {
  if (source !== undefined) return derived ? `derived from ${source}` : source;
  const [last] = tried?.slice(-1) ?? [];
  return error ?? (last ? `${last.source}: ${last.reason}` : '');
}
