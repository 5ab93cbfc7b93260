import { join } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { livePaths } from '../../src/source/live.ts';
import type { Command } from '../command.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import { formatReport, reportJson, toolNames } from '../doctor/report.ts';
import { supplyOf } from '../doctor/supply.ts';
import { System } from '../doctor/system.ts';
import { askForVersion, notRun } from '../doctor/tool-version.ts';
import type { ExitCode } from '../exit-code.ts';
import { takeHeaderChoice } from '../header-choice.ts';
import { ikfsType, mountAt } from '../../src/transport/mount-table.ts';
import { defaultMountpoint } from '../mountpoint.ts';
import { sourceOptions } from '../options.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { sourcesOf } from '../sources.ts';
import type { Sources } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { formatJson } from '../table.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'tell what tracing tools will find here, and what to do about it',
  usage: ['doctor [OPTION...] [TOOL...]'],
  description: [
    'Looks at what the kernel has and lacks, at the tools that are installed (bcc, bpftrace, libbpf, bpftool, pahole, perf, drgn and more), at what each will find, and at headers in the usual places and in /tmp. Each finding says why it matters, and the command that mends it. Changes nothing, and needs neither root nor a mount.',
    `With TOOL, shows every place that it looks at, in its order, whether it is installed or not: ${toolNames.join(', ')}.`,
    'With --sysroot, nothing of that system is run, so versions of programs are not known there. --release says which of its kernels would run; otherwise its /proc does, or it is the newest.',
    'Where tools lack headers and the kernel has no archive of its own, it names bpf-headers/, which ikfs makes from BTF; --headers archive has only the archive count, --headers btf only these.',
    'The exit status is 0 when nothing is wrong; 1 with warnings: not all that tools look for is there; 4 with problems: this machine lacks what a tool needs, or must not use what it has.',
  ],
  options: ['json', ...sourceOptions],
  operands: { least: 0, most: Infinity },

  async run({ values: given, operands }) {
    const { wanted, values } = takeHeaderChoice(given);
    const asked = operands.map(toolCalled);
    const keeping = keepingOf(values);
    const named = sourcesOf(values);
    const root = named.sysroot ?? '/';
    const own = root === '/';
    const system = new System({ root, release: values.release, environment: own ? process.env : {} });
    const sources = withShownFiles(system, { ...named, sysroot: root });
    const examination = await withProgress('Looking at the system', async () =>
      examine(system, {
        supply: await supplyOf(system.release, sources, keeping),
        tellVersion: own ? askForVersion : notRun,
        mountpoint: own ? mountpoint() : undefined,
        wantedHeaders: wanted,
        asked,
      }),
    );
    await write(
      values.json ? formatJson(reportJson(examination)) : formatReport(examination, asked.length > 0),
    );
    return exitCodeFor(examination.findings);
  },
};

/** @throws IkfsError `usage` for what is not the name of a tool, in whatever case */
function toolCalled(word: string): string {
  const name = toolNames.find((each) => each.toLowerCase() === word.toLowerCase());
  if (name !== undefined) return name;
  throw new IkfsError('usage', `doctor does not know the tool '${word}'`);
}

/** What another system's /proc and /sys show, which is looked at only for the running one otherwise. */
function withShownFiles(system: System, sources: Sources): Sources {
  if (system.running) return sources;
  const real = (paths: readonly string[]): string[] =>
    paths.filter((path) => system.isFile(path)).flatMap((path) => system.real(path) ?? []);
  return {
    ...sources,
    headers: [...sources.headers, ...real(livePaths.headers)],
    btf: [...sources.btf, ...real([join(livePaths.btf, 'vmlinux')])],
    configs: [...sources.configs, ...real(livePaths.config)],
  };
}

/** The place where ikfs env and ikfs exec look for a mount, if there is one; mounts elsewhere are of no use to them. */
function mountpoint(): string | undefined {
  const place = defaultMountpoint();
  return mountAt(place)?.type === ikfsType ? place : undefined;
}

function exitCodeFor(findings: readonly Finding[]): ExitCode {
  const has = (severity: Finding['severity']): boolean => findings.some((each) => each.severity === severity);
  if (has('problem')) return 4;
  return has('warning') ? 1 : 0;
}
