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
      flight = this.#make(key).then(
        (value) => {
          this.#settled.set(key, value);
          return value;
        },
        (error: unknown) => {
          this.#flights.delete(key);
          throw error;
        },
      );
      this.#flights.set(key, flight);
    }
    return flight;
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
