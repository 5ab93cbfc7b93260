#!/usr/bin/env node
import { IkfsError, asIkfsError } from '../src/errors.ts';
import type { Command } from './command.ts';
import { commandLoaders } from './commands/load.ts';
import { exitCodeOf } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { log, logError } from './log.ts';
import { parseArguments } from './options.ts';
import { isClosedPipe, write } from './output.ts';

/** Runs a command line, without the interpreter and the script, and tells the exit status. */
async function main(args: readonly string[]): Promise<ExitCode> {
  try {
    return await dispatch(args);
  } catch (thrown) {
    if (isClosedPipe(thrown)) return 0;
    const error = asIkfsError(thrown);
    if (error.code === 'usage' && error.steps.length === 0 && error.path === undefined) {
      log('error', `${error.message}; see ikfs --help`);
    } else logError(error);
    return exitCodeOf[error.code];
  }
}

async function dispatch([word, ...rest]: readonly string[]): Promise<ExitCode> {
  switch (word) {
    case undefined:
      process.stderr.write(await overview());
      return 2;
    case '--version': {
      const { version } = await import('./version.ts');
      await write(`ikfs ${version}\n`);
      return 0;
    }
    case '--help':
    case '-h':
    case 'help':
      await write(rest[0] === undefined ? await overview() : await helpOf(await commandNamed(rest[0])));
      return 0;
    default:
      return await runCommand(await commandNamed(word), rest);
  }
}

/** Help of the whole command; what only help needs is loaded for it alone. */
async function overview(): Promise<string> {
  const [help, { commands }] = await Promise.all([import('./help.ts'), import('./commands/all.ts')]);
  return help.overview(commands);
}

async function helpOf(command: Command): Promise<string> {
  return (await import('./help.ts')).commandHelp(command);
}

async function commandNamed(name: string): Promise<Command> {
  const load = commandLoaders.get(name);
  if (load) return await load();
  throw new IkfsError('usage', `unknown ${name.startsWith('-') ? 'option' : 'command'} '${name}'`);
}

async function runCommand(command: Command, args: readonly string[]): Promise<ExitCode> {
  const call = parseArguments(args, [...command.options, 'help']);
  if (call.values.help) {
    await write(await helpOf(command));
    return 0;
  }
  const { least, most } = command.operands;
  if (call.operands.length < least) {
    throw new IkfsError('usage', `too few operands, expected: ikfs ${command.usage.join(' or: ikfs ')}`);
  }
  const extra = call.operands[most];
  if (extra !== undefined) throw new IkfsError('usage', `unexpected operand '${extra}'`);
  return await command.run(call);
}

// A failed write is the business of who writes. Standard error has nobody left to tell.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await main(process.argv.slice(2));
