import { join, resolve } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { btfhubFile, distributionOf } from '../btfhub.ts';
import type { Command } from '../command.ts';
import { copyNode } from '../copy-node.ts';
import { tarDestination } from '../destination.ts';
import type { ExitCode } from '../exit-code.ts';
import { nodesAt } from '../extraction.ts';
import { Failures } from '../failures.ts';
import { formatSize } from '../format-size.ts';
import { log } from '../log.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { OutputDirectory } from '../output-directory.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openKernels } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { formatJson, formatTable } from '../table.ts';

export const exportTree: Command = {
  name: 'export',
  summary: 'write BTF as BTFHub has it, or the tree as tar',
  usage: ['export --btfhub DIR [OPTION...]', 'export --format tar [OPTION...] [PATH...]'],
  description: [
    "The first form writes the BTF of every kernel to DIR/ID/VERSION/MACHINE/RELEASE.btf.tar.xz, as BTFHub's archive has it and tools are built from that carry BTF along. ID and VERSION are those of the system's os-release.",
    'The second form writes PATHs of the tree with all that is below them to standard output, or the whole tree: ikfs export --format tar 6.1.0-9-amd64/build | ssh device tar x.',
  ],
  options: ['btfhub', 'distribution', 'format', 'force', 'json', ...sourceOptions],
  operands: { least: 0, most: Infinity },

  async run({ values, operands }) {
    const { btfhub, format } = values;
    if ((btfhub === undefined) === (format === undefined))
      throw new IkfsError('usage', 'export needs either --btfhub DIR or --format tar');
    if (btfhub !== undefined) {
      if (operands.length > 0) throw new IkfsError('usage', `--btfhub takes no path, such as ${operands[0]}`);
      return await exportToBtfhub(values, resolve(btfhub));
    }
    if (format !== 'tar') throw new IkfsError('usage', `--format is tar, not ${format}`);
    if (process.stdout.isTTY) {
      throw new IkfsError('usage', 'this would put an archive on the terminal', {
        advice: 'Send it to a file or a program',
      });
    }
    return await exportAsTar(values, operands);
  },
};

/** The first form. */
async function exportToBtfhub(values: OptionValues, folder: string): Promise<ExitCode> {
  const request = sourcesOf(values);
  const distribution = distributionOf(request.sysroot ?? '/', values.distribution);
  const session = await openKernels(request, keepingOf(values));
  const failures = new Failures();
  try {
    const rows: { path: string; size: number }[] = [];
    const output = new OutputDirectory(folder, values.force === true);
    for (const kernel of session.catalogue.kernels.values()) {
      try {
        const file = await withProgress(`Compressing the BTF of ${kernel.release}`, () =>
          btfhubFile(kernel, distribution),
        );
        if (!file) {
          log('info', `${kernel.release}: has no BTF`);
          continue;
        }
        output.file(file.path, 0o644, file.modified, [file.bytes]);
        rows.push({ path: join(folder, file.path), size: file.bytes.length });
      } catch (thrown) {
        failures.add(thrown);
      }
    }
    output.close();
    if (rows.length === 0) failures.note(1);
    await write(values.json ? formatJson(rows) : formatRows(rows));
    return failures.exitCode;
  } finally {
    session.close();
  }
}

function formatRows(rows: readonly { readonly path: string; readonly size: number }[]): string {
  return formatTable(
    [{ title: '' }, { title: '', align: 'right' }],
    rows.map(({ path, size }) => [path, formatSize(size)]),
  );
}

/** The second form. */
async function exportAsTar(values: OptionValues, paths: readonly string[]): Promise<ExitCode> {
  const session = await openKernels(sourcesOf(values), keepingOf(values));
  const failures = new Failures();
  try {
    const destination = tarDestination(session.reader);
    const onFailure = (thrown: unknown): void => failures.add(thrown);
    for (const { path, node } of await nodesAt(session, paths.length > 0 ? paths : ['/'], failures))
      await copyNode(node, path, destination, { onFile: () => undefined, onFailure });
    await destination.finish();
    return failures.exitCode;
  } finally {
    session.close();
  }
}
