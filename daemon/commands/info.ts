import { kernelArtifacts } from '../../src/artifact/kinds.ts';
import { contentBytes } from '../../src/artifact/content-source.ts';
import type { Kernel } from '../../src/artifact/kernel.ts';
import type { Status } from '../../src/tree/status.ts';
import { withoutSource } from '../attempts.ts';
import type { Command } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import { isFile } from '../extraction.ts';
import { log } from '../log.ts';
import { describeImage, openImage } from '../image-steps.ts';
import type { OpenedImage } from '../image-steps.ts';
import { kernelOf, kernelsByInterest } from '../kernel-choice.ts';
import { sourceOptions } from '../options.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { openSession } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { formatJson, formatTable } from '../table.ts';
import { artifactRows } from '../artifact-rows.ts';
import { counted } from '../format-size.ts';

export const info: Command = {
  name: 'info',
  summary: 'tell what kernels and images carry, and how it was found',
  usage: ['info [OPTION...] [FILE|RELEASE...]'],
  description: [
    'Shows for each kernel its images with every layer that was taken off, who built it, which artifacts are there with their source, which are not and why, and where sources disagree. FILE is a kernel image, RELEASE a kernel that is found otherwise; without either, all kernels are shown.',
    'Every artifact is asked for, so this takes as long as making them. Modules are not looked at: see ikfs modules.',
  ],
  options: ['json', ...sourceOptions],
  operands: { least: 0, most: Infinity },

  async run({ values, operands }) {
    const files = operands.filter((operand) => isFile(operand) || operand.includes('/'));
    const releases = operands.filter((operand) => !files.includes(operand));
    const session = await openSession(sourcesOf(values, files), keepingOf(values));
    try {
      const { catalogue } = session;
      const kernels =
        releases.length > 0
          ? releases.map((release) => kernelOf(catalogue, release))
          : kernelsByInterest(catalogue);
      const details: KernelDetails[] = [];
      for (const kernel of kernels) {
        details.push(await withProgress(`Looking at ${kernel.release}`, (tell) => examine(kernel, tell)));
      }
      const status = session.status();
      if (values.json) {
        const shown = new Set(kernels.map(({ release }) => release));
        await write(
          formatJson({ ...status, kernels: status.kernels.filter(({ release }) => shown.has(release)) }),
        );
      } else {
        await write(details.map(describeKernel(status)).join('\n'));
        await write(describeRejected(status, details.length > 0));
      }
      if (kernels.length === 0) {
        log('error', 'no kernel was found');
        return 1;
      }
      const exitCode: ExitCode = details.some(isBroken) ? 3 : 0;
      return exitCode;
    } finally {
      session.close();
    }
  },
};

/** What is shown of a kernel beyond its status. */
interface KernelDetails {
  readonly kernel: Kernel;
  readonly images: readonly OpenedImage[];
  readonly version: string | undefined;
  readonly compiler: string | undefined;
}

/** Asks for every artifact but those of modules. */
async function examine(kernel: Kernel, tell: (detail: string) => void): Promise<KernelDetails> {
  const images: OpenedImage[] = [];
  for (const image of kernel.images) {
    tell(image.path);
    images.push(await openImage(image));
  }
  for (const artifact of kernelArtifacts) {
    if (artifact === 'modules.tsv' || artifact === 'Module.symvers') continue;
    tell(artifact);
    await kernel.artifact(artifact);
  }
  return {
    kernel,
    images,
    version: await textOf(kernel, 'version'),
    compiler: await textOf(kernel, 'compiler'),
  };
}

async function textOf(kernel: Kernel, artifact: 'version' | 'compiler'): Promise<string | undefined> {
  const outcome = await kernel.artifact(artifact);
  return outcome.state === 'ready'
    ? (await contentBytes(outcome.content, artifact)).toString().trim()
    : undefined;
}

function isBroken({ kernel, images }: KernelDetails): boolean {
  return (
    images.some((image) => 'error' in image) ||
    kernelArtifacts.some((artifact) => kernel.settled(artifact)?.state === 'failed')
  );
}

/** A kernel as text: its release, what is known of it as a whole, its artifacts, and what does not agree. */
function describeKernel(status: Status): (details: KernelDetails) => string {
  return ({ kernel, images, version, compiler }) => {
    const running = status.kernels.find(({ release }) => release === kernel.release)?.running === true;
    const machines = new Set(
      images.flatMap((image) =>
        'record' in image && image.record.machine ? [image.record.machine.name] : [],
      ),
    );
    const { modules } = kernel.modules();
    const facts: [string, string][] = [
      ...images.flatMap((image): [string, string][] => [
        ['image', image.path],
        ['', describeImage(image)],
      ]),
      ...[...machines].map((machine): [string, string] => ['machine', machine]),
      ...(version === undefined ? [] : [['version', version] as [string, string]]),
      ...(compiler === undefined ? [] : [['compiler', compiler] as [string, string]]),
      [
        'modules',
        [
          modules.size === 0 ? 'none' : counted(modules.size, 'file'),
          ...kernel.sources.moduleFolders,
          ...kernel.sources.ramdisks,
        ].join('  '),
      ],
      ...kernel.findings.list().map((finding): [string, string] => ['note', finding]),
    ];
    return [
      `${kernel.release}${running ? ' (running)' : ''}\n`,
      formatTable([{ title: '' }, { title: '' }], facts, '  '),
      '\n',
      formatTable(
        [{ title: 'ARTIFACT' }, { title: 'SIZE', align: 'right' }, { title: 'SOURCE' }],
        artifactRows(
          kernel,
          images.flatMap((image) => ('error' in image ? [image.path] : [])),
        ),
        '  ',
      ),
    ].join('');
  };
}

function describeRejected({ rejected }: Status, afterKernels: boolean): string {
  if (rejected.length === 0) return '';
  const rows = rejected.map(({ source, reason }) => [source, withoutSource(source, reason)]);
  return `${afterKernels ? '\n' : ''}Rejected\n${formatTable([{ title: '' }, { title: '' }], rows, '  ')}`;
}
