import type { Directive } from './c-tokens.ts';

/** Branches that C code of the kernel never sees, by whether what they ask for is defined. */
const undefinedNames = '__cplusplus|__ASSEMBLY__|__ASSEMBLER__|LINKER_SCRIPT';
const never = new RegExp(
  `^(?:ifdef (?:${undefinedNames})|ifndef __KERNEL__|(?:el)?if (?:0|defined ?\\(?(?:${undefinedNames})\\)?|! ?defined ?\\(?__KERNEL__\\)?))$`,
);
const always = new RegExp(
  `^(?:ifndef (?:${undefinedNames})|ifdef __KERNEL__|(?:el)?if (?:1|! ?defined ?\\(?(?:${undefinedNames})\\)?|defined ?\\(?__KERNEL__\\)?))$`,
);

interface Condition<State> {
  /** When it began; each branch begins so. */
  readonly before: State;
  /** Whether it lies in a branch that is skipped. */
  readonly skipped: boolean;
  /** Whether a branch has come that is always taken, so that the others never are. */
  decided: boolean;
  /** Whether the present branch is skipped. */
  skipping: boolean;
  /** After the first branch that was not skipped: so it goes on behind the end. */
  after: State | undefined;
}

/**
 * What #if, #else and #endif do to somebody who reads all branches one after the other: each begins in the state that the
 * condition began in, and what follows it goes on from the first.
 */
export class Conditions<State> {
  readonly #state: () => State;
  readonly #open: Condition<State>[] = [];

  /** @param state gives a copy of the reader's state */
  constructor(state: () => State) {
    this.#state = state;
  }

  /** Whether the present branch is never seen. */
  get skipping(): boolean {
    return this.#open.at(-1)?.skipping ?? false;
  }

  /** @returns the state to go on from, or undefined where it stays as it is */
  take({ name, rest }: Directive): State | undefined {
    const text = `${name} ${rest.replace(/\s+/g, ' ')}`.trim();
    if (name.startsWith('if')) {
      const skipped = this.skipping;
      const condition = {
        before: this.#state(),
        skipped,
        decided: always.test(text),
        skipping: skipped || never.test(text),
        after: undefined,
      };
      this.#open.push(condition);
      return undefined;
    }
    const condition = this.#open.at(-1);
    if (condition === undefined) return undefined;
    if (name === 'else' || name.startsWith('elif')) {
      if (!condition.skipping) condition.after ??= this.#state();
      condition.skipping = condition.skipped || condition.decided || never.test(text);
      condition.decided ||= always.test(text);
      return this.#again(condition);
    }
    if (name !== 'endif') return undefined;
    if (!condition.skipping) condition.after ??= this.#state();
    this.#open.pop();
    return condition.after ?? condition.before;
  }

  /** A copy of the state that the condition began in. */
  #again(condition: Condition<State>): State {
    return structuredClone(condition.before);
  }
}
