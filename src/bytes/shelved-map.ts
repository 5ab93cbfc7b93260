import type { Shelf, Shelved } from './shelf.ts';

/** A map of texts or numbers by name that can be put aside while nobody looks into it. */
export class ShelvedMap<Value extends string | number> {
  #size = 0;
  /** Undefined while it is put aside. */
  #entries: Map<string, Value> | undefined = new Map();
  /** As JSON, where nothing has changed since it was put aside. */
  #shelved: Shelved | undefined;

  get size(): number {
    return this.#size;
  }

  get(name: string): Value | undefined {
    return this.#all().get(name);
  }

  has(name: string): boolean {
    return this.#all().has(name);
  }

  set(name: string, value: Value): void {
    this.#changed((entries) => entries.set(name, value));
  }

  delete(name: string): void {
    this.#changed((entries) => entries.delete(name));
  }

  /** Names and values as they are at this moment. */
  entries(): [string, Value][] {
    return [...this.#all()];
  }

  putAside(shelf: Shelf): void {
    if (this.#entries) this.#shelved ??= shelf.put(JSON.stringify([...this.#entries]));
    this.#entries = undefined;
  }

  #changed(change: (entries: Map<string, Value>) => void): void {
    const entries = this.#all();
    change(entries);
    this.#size = entries.size;
    this.#shelved = undefined;
  }

  #all(): Map<string, Value> {
    this.#entries ??= new Map(JSON.parse(this.#shelved?.read().toString() ?? '[]') as [string, Value][]);
    return this.#entries;
  }
}
