import { IkfsError } from '../../src/errors.ts';
import { runningRelease } from '../../src/source/live.ts';
import type { Command } from '../command.ts';
import { explainEnvironment, helpful, requireHeaders } from '../environment.ts';
import type { Variable } from '../environment.ts';
import { mountWith, namedMount } from '../exec/find-mount.ts';
import { kernelTree } from '../exec/kernel-tree.ts';
import type { KernelTree } from '../exec/kernel-tree.ts';
import { OwnMount } from '../exec/own-mount.ts';
import { deservesWarning, pathAfter, planFor } from '../exec/plan.ts';
import type { Plan } from '../exec/plan.ts';
import { requireProgram } from '../exec/program.ts';
import { becomeCommand } from '../exec/run.ts';
import { viewSystem } from '../exec/system-view.ts';
import type { SystemView } from '../exec/system-view.ts';
import { takeHeaderChoice } from '../header-choice.ts';
import type { HeaderKind } from '../header-choice.ts';
import { log, setLogLevel } from '../log.ts';
import { statusAt } from '../mounted-kernels.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { write } from '../output.ts';
import { namesSources } from '../sources.ts';
import { formatTable } from '../table.ts';

export const exec: Command = {
  name: 'exec',
  summary: "run a command that sees a kernel's artifacts where tools look",
  usage: ['exec [OPTION...] -- COMMAND [ARGUMENT...]', 'exec --dry-run [OPTION...]'],
  description: [
    'Runs COMMAND in a mount namespace of its own, in which the running kernel has /lib/modules/RELEASE/build and source (build/, or bpf-headers/ where the kernel has no header archive; --headers archive or --headers btf decides it by hand), /sys/kernel/btf with all modules, /sys/kernel/kheaders.tar.xz, /boot/config-RELEASE and /proc/config.gz, as far as its artifacts are there and the system has them not. Nobody else sees anything of that. The variables of ikfs env are set as well.',
    'Uses what is mounted already; else, and where kernels are named, mounts for the time of the command. --release shows the artifacts of another kernel in place of those of the running one.',
    'The process becomes COMMAND, so its status and signals are those of COMMAND: 127 when it is not there, 126 when it can not be run. Users other than root need user namespaces, and fusermount3 unless something is mounted.',
  ],
  options: ['mount', 'dry-run', 'verbose', ...sourceOptions],
  operands: { least: 0, most: Infinity },

  async run({ values: given, operands }) {
    const { wanted, values } = takeHeaderChoice(given);
    const isDry = values['dry-run'] ?? false;
    if (operands.length === 0 && !isDry) throw new IkfsError('usage', 'there is no command to run');
    if (values.mount !== undefined && namesSources(values)) {
      throw new IkfsError('usage', '--mount goes with no option that says where kernels are');
    }
    requireProgram();
    if (values.verbose) setLogLevel('debug');
    const found = findMount(values);
    const own = found === undefined ? await OwnMount.start(values) : undefined;
    const mountpoint = found ?? own?.mountpoint ?? '';
    try {
      const system = viewSystem();
      const tree = kernelTree(mountpoint, chooseRelease(mountpoint, values));
      const plan = await planFor(system, tree, wanted);
      const variables = await variablesFor(system, tree, plan, wanted);
      requireHeaders(wanted, variables);
      if (isDry) {
        await write(describe(plan, variables));
        return 0;
      }
      tell(system, tree, plan);
      becomeCommand({ steps: plan.steps, order: own?.order, variables, command: operands });
    } finally {
      own?.end();
    }
  },
};

/** A mount that is there already; undefined when there must be one for this command. */
function findMount(values: OptionValues): string | undefined {
  if (values.mount !== undefined) return namedMount(values.mount);
  return namesSources(values) ? undefined : mountWith(values.release ?? runningRelease());
}

/**
 * The kernel whose artifacts are shown: the one that was asked for, the running one, or the only one.
 * @throws IkfsError `not-found` when it is none of these
 */
function chooseRelease(mountpoint: string, values: OptionValues): string {
  const releases = statusAt(mountpoint).kernels.map(({ release }) => release);
  const wanted = values.release ?? runningRelease();
  if (releases.includes(wanted)) return wanted;
  const [only] = releases;
  if (values.release === undefined && only !== undefined && releases.length === 1) return only;
  throw new IkfsError('not-found', `there is no kernel ${wanted}`, {
    advice: `There is ${releases.join(', ')}: choose one with --release`,
  });
}

/** The variables of ikfs env, with the paths that things have for the command. */
async function variablesFor(
  system: SystemView,
  tree: KernelTree,
  plan: Plan,
  wanted: HeaderKind | undefined,
): Promise<Variable[]> {
  return helpful(
    await explainEnvironment({
      kernels: [tree],
      system: system.found,
      wanted,
      pathOf: (_, artifact) => pathAfter(plan, tree, artifact),
    }),
  );
}

/** Says what the command should not be in doubt about, and with --verbose all. */
function tell({ found }: SystemView, { release }: KernelTree, plan: Plan): void {
  if (release !== found.release) {
    const danger = 'what is read of this kernel by its types and headers may be wrong';
    log('warning', `the paths of ${found.release}, which is running, show kernel ${release}: ${danger}`);
  }
  for (const row of plan.rows) {
    log(deservesWarning(plan, row) ? 'warning' : 'debug', `${row.at}: ${row.outcome}: ${row.note}`);
  }
}

function describe({ rows, steps }: Plan, variables: readonly Variable[]): string {
  const covered = steps.flatMap((step) => (step.kind === 'cover' ? [step.folder] : []));
  return [
    formatTable(
      [{ title: 'PATH' }, { title: '' }, { title: 'WHAT' }],
      rows.map(({ at, outcome, note }) => [at, outcome, note]),
    ),
    ...covered.map((folder) => `${folder} is covered, with all that is in it bound again\n`),
    ...variables.map(({ name, value }) => `${name}=${value}\n`),
  ].join('');
}
