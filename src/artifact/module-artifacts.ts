import { createHash } from 'node:crypto';
import type { Shelf } from '../bytes/shelf.ts';
import { ShelvedMap } from '../bytes/shelved-map.ts';
import { fileOf } from '../source/module-folder.ts';
import type { ModuleList } from '../source/module-folder.ts';
import type { Content } from './content.ts';
import { inputState } from './input-state.ts';
import { lasts } from './outcome.ts';
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
  readonly #released: Readonly<Record<ModuleArtifact, Released>> = {
    btf: new Released(),
    'btf-flat': new Released(),
    types: new Released(),
  };
  /** A digest of the state of a module's file when something of it was asked for, by name. */
  readonly #states = new ShelvedMap<string>();
  /** How often the file of a module has been seen to be replaced, by name; missing for never. */
  readonly #replacements = new Map<string, number>();

  /** @param make makes an artifact of the module of that name; never rejects */
  constructor(list: () => ModuleList, make: (artifact: ModuleArtifact, name: string) => Promise<Outcome>) {
    this.#list = list;
    const flight = (artifact: ModuleArtifact): SingleFlight<string, Outcome> =>
      new SingleFlight((name) => {
        this.#states.set(name, this.#stateOf(name));
        return make(artifact, name);
      }, lasts);
    this.#flights = { btf: flight('btf'), 'btf-flat': flight('btf-flat'), types: flight('types') };
  }

  /** An artifact, made now if it has not been. */
  get(artifact: ModuleArtifact, name: string): Promise<Outcome> {
    return this.#flights[artifact].get(name);
  }

  /** What came of those asked for so far, by module name. */
  settled(artifact: ModuleArtifact): ReadonlyMap<string, SettledModule> {
    const released = this.#released[artifact].names().map((name) => [name, { state: 'ready' }] as const);
    return new Map<string, SettledModule>([...released, ...this.#flights[artifact].all()]);
  }

  /** Where those that are ready lie, as far as that is held on to. */
  contents(artifact: ModuleArtifact): (Content | undefined)[] {
    const settled = [...this.#flights[artifact].all().values()];
    const ready = settled.map((outcome) => (outcome.state === 'ready' ? outcome.content : undefined));
    return [...ready, ...this.#released[artifact].blobs()];
  }

  /** Lets go of those that are ready: who asks again has them found again. */
  letGo(shelf: Shelf): void {
    for (const artifact of moduleArtifacts) {
      const flight = this.#flights[artifact];
      for (const [name, outcome] of [...flight.all()]) {
        if (outcome.state !== 'ready') continue;
        this.#released[artifact].add(name, outcome.content);
        flight.forget(name);
      }
      this.#released[artifact].putAside(shelf);
    }
    this.#states.putAside(shelf);
  }

  /** How often a module has been seen to be replaced; tells what is made of it from what was before. */
  replacements(name: string): number {
    return this.#replacements.get(name) ?? 0;
  }

  /** Forgets what was made of modules whose files have changed. @returns whether there were any */
  forgetChanged(): boolean {
    let changed = false;
    for (const [name, state] of this.#states.entries()) {
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

/** Artifacts of modules that were ready and have been let go of. */
class Released {
  readonly #names = new ShelvedMap<1>();
  /** Those that lie in the store, where they may turn out damaged, by name. */
  readonly #blobs = new Map<string, Content>();

  add(name: string, content: Content): void {
    this.#names.set(name, 1);
    if (content.kind === 'blob') this.#blobs.set(name, content);
    else this.#blobs.delete(name);
  }

  delete(name: string): void {
    this.#names.delete(name);
    this.#blobs.delete(name);
  }

  names(): string[] {
    return this.#names.entries().map(([name]) => name);
  }

  blobs(): Iterable<Content> {
    return this.#blobs.values();
  }

  putAside(shelf: Shelf): void {
    this.#names.putAside(shelf);
  }
}
