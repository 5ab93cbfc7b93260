/* How mount(8) calls the helper of a file system: SOURCE DIRECTORY [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]. */
import { statSync } from 'node:fs';
import { IkfsError, asIkfsError } from '../src/errors.ts';
import { mountWordsOf } from './mount-helper-options.ts';

/** What mount(8) asks for. */
export interface HelperCall {
  readonly directory: string;
  /** Command line of `ikfs` with which the tree is mounted there. */
  readonly args: readonly string[];
  /** Restrictions of the mount beyond those it always has. */
  readonly restrictions: readonly string[];
  /** Unknown words behind -o, which -s allows. */
  readonly ignored: readonly string[];
  /** -f: everything but the mounting. */
  readonly fake: boolean;
  /** -v */
  readonly verbose: boolean;
  /** -N: the file that is the mount namespace to mount in. */
  readonly namespace: string | undefined;
}

/** Sources that mean the running system; `ikfs` is what the table of mounts shows, so that fstab can match it. */
const runningSystem = ['ikfs', 'running', 'none'];

/**
 * Understands the command line of the helper.
 * @param args without interpreter and script
 * @throws IkfsError `usage`, and `not-found` and the like for a source that can not be looked at
 */
export function helperCall(args: readonly string[]): HelperCall {
  const operands: string[] = [];
  const letters = new Set<string>();
  const words: string[] = [];
  let namespace: string | undefined;
  const rest = args.values();
  for (const arg of rest) {
    if (!/^-./.test(arg)) {
      operands.push(arg);
      continue;
    }
    for (let at = 1; at < arg.length; at += 1) {
      const letter = arg.charAt(at);
      if (!'oNt'.includes(letter)) {
        if (!'sfnvrw'.includes(letter)) throw new IkfsError('usage', `unknown option '-${letter}'`);
        letters.add(letter);
        continue;
      }
      // The value is the rest of the word, or the next one.
      const value = arg.slice(at + 1) || rest.next().value;
      if (value === undefined) throw new IkfsError('usage', `option '-${letter}' needs a value`);
      if (letter === 'o') words.push(value);
      if (letter === 'N') namespace = value;
      break;
    }
  }
  const [source, directory, extra] = operands;
  if (source === undefined || directory === undefined || extra !== undefined) {
    throw new IkfsError(
      'usage',
      'expected: mount.ikfs SOURCE DIRECTORY [-sfnv] [-N NAMESPACE] [-o OPTION,...]; SOURCE is ikfs for the running kernel, a root directory or an image',
    );
  }
  const { args: options, restrictions, unknown } = mountWordsOf(words.join(','));
  if (unknown[0] !== undefined && !letters.has('s')) {
    throw new IkfsError('usage', `unknown option '${unknown[0]}' behind -o`, {
      advice: 'ikfs help mount lists those of ikfs, which are written without the dashes',
    });
  }
  return {
    directory,
    args: ['mount', '--background', ...options, ...sourceArguments(source), '--', directory],
    restrictions,
    ignored: unknown,
    fake: letters.has('f'),
    verbose: letters.has('v'),
    namespace,
  };
}

/** What is mounted, as options of `ikfs mount`. */
function sourceArguments(source: string): string[] {
  if (runningSystem.includes(source)) return [];
  try {
    return [`--${statSync(source).isDirectory() ? 'sysroot' : 'image'}=${source}`];
  } catch (error) {
    throw asIkfsError(error, { path: source });
  }
}
