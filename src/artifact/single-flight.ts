/**
 * Makes a value for each key once: who asks while it is being made waits for the same making. A making that
 * throws is forgotten, so that the next one who asks tries again; so is one whose value does not last, which
 * remains what came of it until then.
 */
export class SingleFlight<Key, Value> {
  readonly #make: (key: Key) => Promise<Value>;
  readonly #lasts: (value: Value) => boolean;
  readonly #flights = new Map<Key, Promise<Value>>();
  readonly #settled = new Map<Key, Value>();

  /** @param lasts whether a value is for all who ask, not only for those who ask while it is being made */
  constructor(make: (key: Key) => Promise<Value>, lasts: (value: Value) => boolean = () => true) {
    this.#make = make;
    this.#lasts = lasts;
  }

  get(key: Key): Promise<Value> {
    let flight = this.#flights.get(key);
    if (!flight) {
      const begun = this.#make(key).then(
        (value) => {
          if (this.#flights.get(key) !== begun) return value;
          this.#settled.set(key, value);
          if (!this.#lasts(value)) this.#flights.delete(key);
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
