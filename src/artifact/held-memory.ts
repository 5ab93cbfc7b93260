import { Shelf } from '../bytes/shelf.ts';

/** Something that holds memory only so that whoever asks next is served sooner. */
export interface Releasable {
  /**
   * Lets go of it. What is asked for later is read or made again; what is in use meanwhile stays.
   * @param shelf takes what can not be had again otherwise
   */
  letGo(shelf: Shelf): void;
}

/** All that can be let go of when memory is short or nobody asks for anything. */
export class HeldMemory {
  /** Not held by this list: what nobody else needs any more, such as a kernel that was removed, goes. */
  #holders: WeakRef<Releasable>[] = [];
  #onUse = (): void => undefined;
  /** Takes what can not be had again otherwise. */
  readonly shelf: Shelf;

  /** @param shelf one that keeps everything in memory without it */
  constructor(shelf = new Shelf()) {
    this.shelf = shelf;
  }

  /** Adds something that can let go of memory, until nobody else has it any more. */
  add(holder: Releasable): void {
    this.#holders.push(new WeakRef(holder));
  }

  /** To be called whenever something is asked for that may take memory. */
  used(): void {
    this.#onUse();
  }

  /** @param listener called each time that something is asked for; there is one listener */
  set onUse(listener: () => void) {
    this.#onUse = listener;
  }

  /** Has everything that can let go of memory do so. */
  letGo(): void {
    this.#holders = this.#holders.filter((holder) => holder.deref() !== undefined);
    for (const holder of this.#holders) holder.deref()?.letGo(this.shelf);
  }
}
