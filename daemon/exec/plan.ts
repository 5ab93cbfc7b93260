import { join } from 'node:path';
import { livePaths } from '../../src/source/live.ts';
import { chooseHeaders } from '../header-choice.ts';
import type { HeaderKind } from '../header-choice.ts';
import type { KernelTree } from './kernel-tree.ts';
import type { SystemView } from './system-view.ts';
import { companions, targetsOf } from './targets.ts';
import type { Target } from './targets.ts';

/** A step of native/namespace/main.cc. Paths are absolute. */
export type Step =
  | { readonly kind: 'cover'; readonly folder: string }
  | { readonly kind: 'bind'; readonly from: string; readonly at: string }
  | { readonly kind: 'link'; readonly to: string; readonly at: string };

/** What becomes of a path that tools look at. */
export interface PlanRow {
  readonly at: string;
  /** `there`: the system has it already. `missing`: the kernel has none. `left-out`: nothing can be laid there. */
  readonly outcome: 'laid-over' | 'there' | 'missing' | 'left-out';
  /** What is laid over it, or why nothing is. */
  readonly note: string;
}

/** How the system is to look to a command. */
export interface Plan {
  /** All covers come first: what is in a directory is bound again when it is covered. */
  readonly steps: readonly Step[];
  readonly rows: readonly PlanRow[];
}

/** Directories that are never covered: too much depends on what they are. */
const uncoverable = ['/', '/proc', '/sys', '/dev', '/run', '/usr', '/etc'];

/** Covering a directory takes a mount for each name in it. */
const mostNames = 2000;

/**
 * What it takes to show a kernel's artifacts where tools look for them. Where the kernel is the running one, what the
 * system has already stays as it is; of another one, everything is laid over.
 * @param wanted which headers are wanted, also where the system has some; the best there are unless given
 */
export async function planFor(system: SystemView, tree: KernelTree, wanted?: HeaderKind): Promise<Plan> {
  const plan = new Planning(system, tree);
  const headers = (await chooseHeaders(tree, wanted))?.artifact;
  const targets = targetsOf(system, {
    types: await tree.names('btf'),
    headers: headers ?? 'build',
    areChosen: wanted !== undefined,
  });
  for (const target of targets) await plan.add(target);
  return plan.result();
}

class Planning {
  readonly #system: SystemView;
  readonly #tree: KernelTree;
  readonly #isOther: boolean;
  readonly #covered = new Set<string>();
  readonly #binds: Step[] = [];
  readonly #links = new Map<string, Step>();
  readonly #rows: PlanRow[] = [];

  constructor(system: SystemView, tree: KernelTree) {
    this.#system = system;
    this.#tree = tree;
    this.#isOther = tree.release !== system.found.release;
  }

  result(): Plan {
    const covers = [...this.#covered].map((folder): Step => ({ kind: 'cover', folder }));
    return { steps: [...covers, ...this.#binds, ...this.#links.values()], rows: this.#rows };
  }

  async add(target: Target): Promise<void> {
    const { at, artifact, evidence, withCompanions } = target;
    if (target.isThere && !this.#isOther) {
      this.#rows.push({ at, outcome: 'there', note: 'as the system has it' });
    } else if ((await this.#tree.has(evidence)) !== 'yes') {
      this.#rows.push({ at, outcome: 'missing', note: `kernel ${this.#tree.release} has no ${evidence}` });
    } else {
      const place = this.#system.place(at);
      const problem = this.#makeWay(target);
      if (problem === undefined) {
        const from = join(this.#tree.folder, artifact);
        this.#binds.push({ kind: 'bind', from, at: place.path });
        this.#rows.push({ at, outcome: 'laid-over', note: from });
        if (withCompanions) await this.#addCompanions(place.path);
      } else {
        this.#rows.push({ at, outcome: 'left-out', note: `${problem}; ${target.standIn} stand in` });
      }
    }
  }

  /** Sees to it that something can be bound there. @returns why it can not */
  #makeWay({ at, kind, withCompanions }: Target): string | undefined {
    const place = this.#system.place(at);
    if (place.kind === kind && !withCompanions) return undefined;
    const { holder } = place;
    if (this.#covered.has(holder)) return undefined;
    if (uncoverable.includes(holder)) return `there is no such name, and ${holder} takes none`;
    const count = this.#system.names(holder).length;
    if (count > mostNames) return `there is no such name, and ${holder} has too many (${count}) to cover it`;
    this.#covered.add(holder);
    return undefined;
  }

  /** Links beside a header tree to what its own links lead to; they make nothing before somebody follows them. */
  async #addCompanions(tree: string): Promise<void> {
    const folder = join(tree, '..');
    const own = this.#isOther ? [] : this.#system.names(folder);
    const names = await this.#tree.names('.');
    for (const name of companions) {
      if (!names.includes(name) || own.includes(name)) continue;
      const at = join(folder, name);
      this.#links.set(at, { kind: 'link', to: join(this.#tree.folder, name), at });
    }
  }
}

/** Where an artifact is once a plan has been carried out: where tools look for it, if it was laid over. */
export function pathAfter({ rows }: Plan, tree: KernelTree, artifact: string): string {
  const path = join(tree.folder, artifact);
  return rows.find(({ outcome, note }) => outcome === 'laid-over' && note === path)?.at ?? path;
}

/** Whether tools find an artifact nowhere although the kernel has it: neither there nor at the path they try next. */
export function deservesWarning({ rows }: Plan, row: PlanRow): boolean {
  if (row.outcome !== 'left-out') return false;
  const isConfig = ({ at }: PlanRow): boolean => at.startsWith('/boot/config-') || at === livePaths.config[0];
  const isServed = ({ outcome }: PlanRow): boolean => outcome === 'laid-over' || outcome === 'there';
  return !isConfig(row) || !rows.some((other) => isConfig(other) && isServed(other));
}
