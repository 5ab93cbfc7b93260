/**
 * Makes a value for each key once: who asks while it is being made waits for the same making. A making that
 * throws is forgotten, so that the next one who asks tries again.
 */
export class SingleFlight<Key, Value> {
  readonly #make: (key: Key) => Promise<Value>;
  readonly #flights = new Map<Key, Promise<Value>>();
  readonly #settled = new Map<Key, Value>();

  constructor(make: (key: Key) => Promise<Value>) {
    this.#make = make;
  }

  get(key: Key): Promise<Value> {
    let flight = this.#flights.get(key);
    if (!flight) {
      const begun = this.#make(key).then(
        (value) => {
          if (this.#flights.get(key) === begun) this.#settled.set(key, value);
          return value;
        },
        (error: unknown) => {
          if (this.#flights.get(key) === begun) this.#flights.delete(key);
          throw error;
        },
      );
      flight = begun;
      this.#flights.set(key, begun);
    }
    return flight;
  }

  /** Makes the next who asks have it made anew. What is being made now is not disturbed, and not kept. */
  forget(key: Key): void {
    this.#flights.delete(key);
    this.#settled.delete(key);
  }

  /** The value, if it has been made. */
  settled(key: Key): Value | undefined {
    return this.#settled.get(key);
  }

  /** Everything made so far. */
  all(): ReadonlyMap<Key, Value> {
    return this.#settled;
  }
}
