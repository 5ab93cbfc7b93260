import { fileOf } from '../source/module-folder.ts';
import { inputState } from './input-state.ts';
import type { ModuleList } from './kernel-context.ts';
import type { Outcome } from './outcome.ts';
import { SingleFlight } from './single-flight.ts';

/** What a kernel has one of for each of its modules, by the name of the directory that they are in. */
export const moduleArtifacts = ['btf', 'btf-flat', 'types'] as const;
export type ModuleArtifact = (typeof moduleArtifacts)[number];

/** What has been made of a kernel's modules. A module whose file changes is made anew. */
export class ModuleArtifacts {
  readonly #list: () => ModuleList;
  readonly #flights: Readonly<Record<ModuleArtifact, SingleFlight<string, Outcome>>>;
  /** The state of a module's file when something of it was asked for, by name. */
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

  /** Those asked for so far, by module name. */
  settled(artifact: ModuleArtifact): ReadonlyMap<string, Outcome> {
    return this.#flights[artifact].all();
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
      for (const flight of Object.values(this.#flights)) flight.forget(name);
      this.#states.delete(name);
      this.#replacements.set(name, this.replacements(name) + 1);
    }
    return changed;
  }

  #stateOf(name: string): string {
    const entry = this.#list().modules.get(name);
    return entry ? inputState([fileOf(entry)]) : 'not on disk';
  }
}
