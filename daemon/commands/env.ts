import { resolve } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { ikfsType, mountAt } from '../../src/transport/mount-table.ts';
import type { Command } from '../command.ts';
import { askByMaking, circumstancesOf, explainEnvironment, helpful, requireHeaders } from '../environment.ts';
import type { Explanation } from '../environment.ts';
import { foundAlready } from '../found-already.ts';
import { takeHeaderChoice } from '../header-choice.ts';
import type { HeaderKind } from '../header-choice.ts';
import { log } from '../log.ts';
import { kernelsAt } from '../mounted-kernels.ts';
import { defaultMountpoint } from '../mountpoint.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { write } from '../output.ts';
import { withProgress } from '../progress.ts';
import { assignmentLine } from '../shell-lines.ts';
import type { Shell } from '../shell-lines.ts';
import { namesSources, sourcesOf } from '../sources.ts';
import { formatJson, formatTable } from '../table.ts';

export const env: Command = {
  name: 'env',
  summary: 'print the variables that make bcc and bpftrace use the mount',
  usage: ['env [OPTION...]'],
  description: [
    'Prints a line for sh(1) for each variable that helps: eval "$(ikfs env)". What a tool finds by itself on this system is left out; --explain tells why.',
    'bcc and bpftrace are led to build/, the headers of the archive, and where the kernel has none to bpf-headers/, which are made from its BTF. --headers archive or --headers btf decides it by hand, also where the tools find headers by themselves.',
    'Asks what is mounted, or looks for kernels itself where nothing is, or where they are named. What has no variable, ikfs exec shows to a command.',
  ],
  options: ['mount', 'json', 'fish', 'csh', 'explain', ...sourceOptions],
  operands: { least: 0, most: 0 },

  async run({ values: given }) {
    const { wanted, values } = takeHeaderChoice(given);
    const shell = shellOf(values);
    const mountpoint = resolve(values.mount ?? defaultMountpoint());
    const isMounted = mountAt(mountpoint)?.type === ikfsType;
    const explanations = await withProgress('Looking at kernels', () =>
      isMounted && !namesSources(values) && values.release === undefined
        ? explainMounted(mountpoint, wanted)
        : explainFound(values, mountpoint, wanted),
    );
    const variables = helpful(explanations);
    if (!values.explain) requireHeaders(wanted, variables);
    if (values.json) await write(formatJson(values.explain ? explanations : variables));
    else if (values.explain) await write(explanationTable(explanations));
    else await write(variables.map((variable) => `${assignmentLine(shell, variable)}\n`).join(''));
    // Not as a comment among the lines: without quotes around $(ikfs env) it would swallow the next one.
    if (!values.explain) {
      for (const { name, remark } of variables) if (remark !== undefined) log('info', `${name}: ${remark}`);
    }
    if (variables.length === 0) {
      log('info', nothingHelps(explanations));
      return 1;
    }
    if (!isMounted) log('warning', `nothing is mounted at ${mountpoint} yet: ikfs mount ${mountpoint}`);
    return 0;
  },
};

/** @throws IkfsError `usage` when more than one form is asked for */
function shellOf({ fish, csh, json, explain }: OptionValues): Shell {
  if ([fish, csh, json ?? explain].filter(Boolean).length > 1) {
    throw new IkfsError('usage', '--fish and --csh go with no other form');
  }
  return fish ? 'fish' : csh ? 'csh' : 'sh';
}

async function explainMounted(mountpoint: string, wanted: HeaderKind | undefined): Promise<Explanation[]> {
  return await explainEnvironment({
    kernels: kernelsAt(mountpoint),
    system: foundAlready(),
    wanted,
    pathOf: (release, artifact) => `${mountpoint}/${release}/${artifact}`,
  });
}

async function explainFound(
  values: OptionValues,
  mountpoint: string,
  wanted: HeaderKind | undefined,
): Promise<Explanation[]> {
  // Loaded only here: who asks a mount does without more than a hundred files.
  const [{ openKernels }, { keepingOf }] = await Promise.all([
    import('../session.ts'),
    import('../store.ts'),
  ]);
  const session = await openKernels(sourcesOf(values), keepingOf(values), { mountpoint });
  try {
    return await explainEnvironment(circumstancesOf(session.catalogue, mountpoint, askByMaking, wanted));
  } finally {
    session.close();
  }
}

function explanationTable(explanations: readonly Explanation[]): string {
  const columns = [{ title: 'VARIABLE' }, { title: 'READ BY' }, { title: 'VALUE' }, { title: 'WHY' }];
  const rows = explanations.map(({ name, readers, value, why, remark }) => [
    name,
    readers,
    value ?? '-',
    remark === undefined ? why : `${why} (${remark})`,
  ]);
  return formatTable(columns, rows);
}

/** Why there is nothing to set: the reason of the variable that would be set first. */
function nothingHelps([first]: readonly Explanation[]): string {
  return `${first?.why ?? 'there is nothing'}; what else there is, tools find by themselves (ikfs env --explain)`;
}
