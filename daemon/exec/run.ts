import { fromNativeError } from '../../src/native.ts';
import type { Variable } from '../environment.ts';
import type { Step } from './plan.ts';
import { program, requireProgram } from './program.ts';

/** A command, and how it is to see the system. */
export interface Run {
  readonly steps: readonly Step[];
  /** The order of a mount that is to live on for the command only. */
  readonly order: number | undefined;
  readonly variables: readonly Variable[];
  readonly command: readonly string[];
}

/**
 * Becomes the command: with this process's number, terminal, and standard streams.
 * @throws IkfsError `io` when not even the program that does it can be run; all else that program tells itself
 */
export function becomeCommand({ steps, order, variables, command }: Run): never {
  const { keeper } = requireProgram();
  for (const { name, value } of variables) process.env[name] = value;
  try {
    const own = order === undefined ? [] : ['--order', String(order)];
    return keeper.become([program, ...own, ...steps.flatMap(stepWords), '--', ...command], order);
  } catch (error) {
    throw fromNativeError(error, 'exec');
  }
}

function stepWords(step: Step): string[] {
  switch (step.kind) {
    case 'cover':
      return ['--cover', step.folder];
    case 'bind':
      return ['--bind', step.from, step.at];
    case 'link':
      return ['--link', step.to, step.at];
  }
}
