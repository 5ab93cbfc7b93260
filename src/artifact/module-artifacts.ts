import { createHash } from 'node:crypto';
import { fileOf } from '../source/module-folder.ts';
import type { ModuleList } from '../source/module-folder.ts';
import type { Content } from './content.ts';
import { inputState } from './input-state.ts';
import type { Outcome } from './outcome.ts';
import { SingleFlight } from './single-flight.ts';

/** What a kernel has one of for each of its modules, by the name of the directory that they are in. */
export const moduleArtifacts = ['btf', 'btf-flat', 'types'] as const;
export type ModuleArtifact = (typeof moduleArtifacts)[number];

/** What came of an artifact of a module. */
export type SettledModule = Exclude<Outcome, { readonly state: 'ready' }> | { readonly state: 'ready' };

/** What has been made of a kernel's modules. A module whose file changes is made anew. */
export class ModuleArtifacts {
  readonly #list: () => ModuleList;
  readonly #flights: Readonly<Record<ModuleArtifact, SingleFlight<string, Outcome>>>;
  /** Those that were ready and have been let go of, by module name; with their blobs, which may turn out damaged. */
  readonly #released: Readonly<Record<ModuleArtifact, Map<string, Content | undefined>>> = {
    btf: new Map(),
    'btf-flat': new Map(),
    types: new Map(),
  };
  /** A digest of the state of a module's file when something of it was asked for, by name. */
  readonly #states = new Map<string, string>();
  /** How often the file of a module has been seen to be replaced, by name; missing for never. */
  readonly #replacements = new Map<string, number>();

  /** @param make makes an artifact of the module of that name; never rejects */
  constructor(list: () => ModuleList, make: (artifact: ModuleArtifact, name: string) => Promise<Outcome>) {
    this.#list = list;
    const flight = (artifact: ModuleArtifact): SingleFlight<string, Outcome> =>
      new SingleFlight((name) => {
        this.#states.set(name, this.#stateOf(name));
        return make(artifact, name);
      });
    this.#flights = { btf: flight('btf'), 'btf-flat': flight('btf-flat'), types: flight('types') };
  }

  /** An artifact, made now if it has not been. */
  get(artifact: ModuleArtifact, name: string): Promise<Outcome> {
    return this.#flights[artifact].get(name);
  }

  /** What came of those asked for so far, by module name. */
  settled(artifact: ModuleArtifact): ReadonlyMap<string, SettledModule> {
    const released = [...this.#released[artifact].keys()].map((name) => [name, { state: 'ready' }] as const);
    return new Map<string, SettledModule>([...released, ...this.#flights[artifact].all()]);
  }

  /** Where those that are ready lie, as far as that is held on to. */
  contents(artifact: ModuleArtifact): (Content | undefined)[] {
    const settled = [...this.#flights[artifact].all().values()];
    const ready = settled.map((outcome) => (outcome.state === 'ready' ? outcome.content : undefined));
    return [...ready, ...this.#released[artifact].values()];
  }

  /** Lets go of those that are ready: who asks again has them found again. */
  letGo(): void {
    for (const artifact of moduleArtifacts) {
      const flight = this.#flights[artifact];
      for (const [name, outcome] of [...flight.all()]) {
        if (outcome.state !== 'ready') continue;
        const { content } = outcome;
        this.#released[artifact].set(name, content.kind === 'blob' ? content : undefined);
        flight.forget(name);
      }
    }
  }

  /** How often a module has been seen to be replaced; tells what is made of it from what was before. */
  replacements(name: string): number {
    return this.#replacements.get(name) ?? 0;
  }

  /** Forgets what was made of modules whose files have changed. @returns whether there were any */
  forgetChanged(): boolean {
    let changed = false;
    for (const [name, state] of this.#states) {
      if (this.#stateOf(name) === state) continue;
      changed = true;
      for (const artifact of moduleArtifacts) {
        this.#flights[artifact].forget(name);
        this.#released[artifact].delete(name);
      }
      this.#states.delete(name);
      this.#replacements.set(name, this.replacements(name) + 1);
    }
    return changed;
  }

  #stateOf(name: string): string {
    const entry = this.#list().modules.get(name);
    if (!entry) return 'not on disk';
    return createHash('sha256')
      .update(inputState([fileOf(entry)]))
      .digest('base64');
  }
}
