import { join, resolve } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import type { Node } from '../../src/tree/node.ts';
import type { Command } from '../command.ts';
import { copyNode } from '../copy-node.ts';
import type { Copied } from '../copy-node.ts';
import { directoryDestination, plainDestination, tarDestination } from '../destination.ts';
import type { Destination } from '../destination.ts';
import type { ExitCode } from '../exit-code.ts';
import { isFile, nodesAt, partsOfKernels, partsOfModule } from '../extraction.ts';
import type { Extracted } from '../extraction.ts';
import { Failures } from '../failures.ts';
import { counted, formatSize } from '../format-size.ts';
import { wantedParts } from '../image-parts.ts';
import { isModule, openModule } from '../module-parts.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openKernels, openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { namesSources, sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { formatJson, formatTable } from '../table.ts';

export const extract: Command = {
  name: 'extract',
  summary: 'copy artifacts out of an image, or parts of the tree',
  usage: ['extract FILE... [--what LIST] -o DIR|-', 'extract [OPTION...] PATH... -o DIR|-'],
  description: [
    'In the first form FILE is a kernel image or a module (kheaders.ko, or another for its BTF); what it carries goes to DIR/RELEASE. Without --what everything that is there is taken, with it a part that is missing is a failure; and with source options instead of FILE it is taken from their kernels.',
    'In the second form PATH is one of the tree, as in the mount; directories are copied with all that is below them. It goes to the same path in DIR.',
    'Modes and times are kept. Files that are there already are left alone, and nothing is written through symbolic links in DIR.',
  ],
  options: ['what', 'output', 'force', 'json', ...sourceOptions],
  operands: { least: 0, most: Infinity },

  async run({ values, operands }) {
    const { output } = values;
    if (output === undefined)
      throw new IkfsError('usage', 'extract needs --output DIR, or - for standard output');
    const [first] = operands;
    const fromFiles =
      values.what !== undefined ||
      (operands.length === 1 && first !== undefined && !namesSources(values) && isFile(first));
    if (!fromFiles && first === undefined) throw new IkfsError('usage', 'extract needs something to extract');
    return fromFiles
      ? await extractParts(values, operands, output)
      : await extractPaths(values, operands, output);
  },
};

/** The second form. */
async function extractPaths(
  values: OptionValues,
  paths: readonly string[],
  output: string,
): Promise<ExitCode> {
  const session = await openKernels(sourcesOf(values), keepingOf(values));
  try {
    const failures = new Failures();
    const found = await nodesAt(session, paths, failures);
    const plain = paths.length === 1 && found[0]?.node.kind === 'file';
    if (output === '-') refuseTerminal(plain);
    if (found.length > 0) await copyAll(session, found, { values, output, plain, failures });
    return failures.exitCode;
  } finally {
    session.close();
  }
}

/** The first form. */
async function extractParts(
  values: OptionValues,
  files: readonly string[],
  output: string,
): Promise<ExitCode> {
  const wanted = wantedParts(values.what);
  const failures = new Failures();
  const { session, modules } = await openFiles(values, files);
  try {
    const plain = wanted.parts.length === 1 && modules.length + session.catalogue.kernels.size === 1;
    if (output === '-') refuseTerminal(plain && wanted.parts[0] === 'config');
    const plainOnly = plain && output === '-';
    const found: Extracted[] = [];
    for (const path of modules) {
      const module = await openModule(path, session.workshop);
      found.push(...(await partsOfModule(path, module, wanted, plainOnly, failures)));
    }
    found.push(...(await partsOfKernels(session, wanted, plainOnly, failures)));
    if (found.length > 0) await copyAll(session, found, { values, output, plain, failures });
    else failures.note(1);
    return failures.exitCode;
  } finally {
    session.close();
  }
}

/** A session over those of the files that are kernel images; the others are modules. */
async function openFiles(
  values: OptionValues,
  files: readonly string[],
): Promise<{ readonly session: Session; readonly modules: readonly string[] }> {
  const modules: string[] = [];
  const images: string[] = [];
  const all = sourcesOf(values, files);
  for (const path of files) ((await isModule(path, all.limits)) ? modules : images).push(path);
  const request = { ...all, images: sourcesOf(values, images).images };
  const open = modules.length > 0 ? openSession : openKernels;
  return { session: await open(request, keepingOf(values)), modules };
}

/** @throws IkfsError `usage` when standard output is a terminal and what comes is not text */
function refuseTerminal(isText: boolean): void {
  if (isText || !process.stdout.isTTY) return;
  throw new IkfsError('usage', 'this would put an archive or binary data on the terminal', {
    steps: ['--output -'],
    advice: 'Send it to a file or a program',
  });
}

interface Copying {
  readonly values: OptionValues;
  readonly output: string;
  /** Whether one file's bytes are asked for as they are, should they go to standard output. */
  readonly plain: boolean;
  readonly failures: Failures;
}

async function copyAll(session: Session, found: readonly Extracted[], copying: Copying): Promise<void> {
  const { values, output, plain, failures } = copying;
  const destination = destinationOf(session, output, plain, values.force === true);
  const rows: Row[] = [];
  for (const { path, node } of found) {
    const copied = await withProgress(`Extracting ${path}`, (tell) =>
      copyNode(node, path, destination, {
        onFile: ({ files, bytes }) => tell(`${counted(files, 'file')}, ${formatSize(bytes)}`),
        onFailure: (thrown) => failures.add(thrown),
      }),
    );
    rows.push({ path: output === '-' ? path : join(output, path), kind: node.kind, ...copied });
  }
  await destination.finish();
  if (output !== '-') await write(values.json ? formatJson(rows) : formatRows(rows));
}

function destinationOf(session: Session, output: string, plain: boolean, force: boolean): Destination {
  if (output !== '-') return directoryDestination(resolve(output), force, session.reader);
  return plain ? plainDestination(session.reader) : tarDestination(session.reader);
}

/** What became of one thing to extract. */
interface Row extends Copied {
  readonly path: string;
  readonly kind: Node['kind'];
}

function formatRows(rows: readonly Row[]): string {
  return formatTable(
    [{ title: '' }, { title: '', align: 'right' }, { title: '' }],
    rows.map(({ path, kind, files, bytes }) => [
      path,
      formatSize(bytes),
      kind === 'directory' ? counted(files, 'file') : '',
    ]),
  );
}
