import type { ExitCode } from './exit-code.ts';
import type { Arguments, OptionName } from './options.ts';

/** One command of `ikfs`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Each way of calling it, without `ikfs`. */
  readonly usage: readonly string[];
  /** Paragraphs for its help. */
  readonly description: readonly string[];
  readonly options: readonly OptionName[];
  /** How many operands it takes. */
  readonly operands: { readonly least: number; readonly most: number };
  /** @throws IkfsError for what ends the command; what only concerns one operand is logged */
  run(call: Arguments): Promise<ExitCode>;
}
