import test from 'ava';
import { IkfsError } from '../../src/errors.ts';
import { Random } from '../random.ts';
import { mutate } from './mutation.ts';

/** IKFS_FUZZ_ITERATIONS multiplies how many inputs a target gets; IKFS_FUZZ_SEED gives others. */
const factor = Number(process.env['IKFS_FUZZ_ITERATIONS'] ?? 1);
const seedNumber = Number(process.env['IKFS_FUZZ_SEED'] ?? 1);

/** No input as small as these takes a parser so long, in milliseconds, unless it loops. */
const slow = 5000;

export interface FuzzTarget {
  /** Valid inputs that are broken; as small as the format allows. */
  readonly seeds: readonly Buffer[];
  /** Parses an input and uses what came out; an IkfsError is as good as a result. */
  readonly parse: (input: Buffer) => void | Promise<void>;
  /** How many inputs; about as many as a second is enough for. */
  readonly iterations: number;
}

/**
 * Registers a test that feeds a parser with broken inputs. Each must give a result or an IkfsError: another
 * exception fails the test, and so does an input that takes long. The message has the input.
 */
export function fuzz(title: string, { seeds, parse, iterations }: FuzzTarget): void {
  test(`fuzz ${title}`, async (t) => {
    for (const seed of seeds) await t.notThrowsAsync(async () => parse(seed), 'a seed is refused');
    const random = new Random(seedNumber);
    for (let count = 0; count < iterations * factor; count += 1) {
      const input = mutate(seeds, random);
      const started = performance.now();
      try {
        await parse(input);
      } catch (error) {
        if (!(error instanceof IkfsError)) {
          t.log(`input ${count} of seed ${seedNumber}, base64: ${input.toString('base64')}`);
          throw error;
        }
      }
      if (performance.now() - started > slow) return t.fail(`slow: ${input.toString('base64')}`);
    }
    return t.pass();
  });
}
