import { caps, limitNames } from '../src/bytes/limits.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-code.ts';
import { formatLimit, optionName } from './limits.ts';
import { specOf } from './options.ts';
import type { OptionName } from './options.ts';
import { formatTable } from './table.ts';
import { wrap } from './wrap.ts';

/** Help is written for terminals of this width. */
const width = 80;

/** Names with their explanations, which are wrapped beside them. */
function definitions(entries: readonly (readonly [string, string])[]): string {
  const indent = '  ';
  const column = Math.max(...entries.map(([name]) => name.length));
  const rows = entries.flatMap(([name, text]) =>
    wrap(text, width - indent.length - column - 2).map((line, at) => [at === 0 ? name : '', line]),
  );
  return formatTable([{ title: '' }, { title: '' }], rows, indent);
}

/** An option as it is typed: `-o, --output DIR|-`. */
function typed(name: OptionName): string {
  const { short, value, negatable } = specOf(name);
  const long = `--${negatable ? '[no-]' : ''}${name}`;
  return `${short === undefined ? '    ' : `-${short}, `}${long}${value === undefined ? '' : ` ${value}`}`;
}

function exitStatus(): string {
  return `Exit status\n${definitions(Object.entries(exitCodes))}`;
}

function limits(): string {
  const rows = limitNames.map((name): [string, string] => {
    const { meaning, reason } = caps[name];
    return [optionName(name), `${meaning} (default: ${formatLimit(name)}). ${reason}.`];
  });
  return `Limits, for --limit NAME=VALUE; sizes take K, M or G\n${definitions(rows)}`;
}

/** Help of the whole command. */
export function overview(commands: readonly Command[]): string {
  return [
    'Usage: ikfs COMMAND [OPTION...] [OPERAND...]\n       ikfs help [COMMAND]\n       ikfs --version\n',
    `${wrap('Shows what Linux kernels carry inside themselves (headers, configuration, BTF) as a read-only tree of files.', width).join('\n')}\n`,
    `Commands\n${definitions(commands.map(({ name, summary }) => [name, summary]))}`,
    limits(),
    exitStatus(),
  ].join('\n');
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  const names: readonly OptionName[] = [...command.options, 'help'];
  const [first, ...others] = command.usage;
  return [
    [`Usage: ikfs ${first ?? ''}\n`, ...others.map((usage) => `       ikfs ${usage}\n`)].join(''),
    ...command.description.map((paragraph) => `${wrap(paragraph, width).join('\n')}\n`),
    `Options\n${definitions(names.map((name) => [typed(name), specOf(name).summary]))}`,
    exitStatus(),
  ].join('\n');
}
