import { caps, limitNames } from '../src/bytes/limits.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-code.ts';
import { formatLimit, optionName } from './limits.ts';
import { specOf } from './options.ts';
import type { OptionName } from './options.ts';

/* The manual page, in the macros of man(7), out of the same tables as help. */

/** Text as roff(7) has it: no line of it is a request, no character of it starts an escape or turns into a hyphen. */
function plain(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/^(?=[.'])/gm, String.raw`\&`);
}

/** An option with its value: `\fB\-o\fR, \fB\-\-output\fR \fIDIR|\-\fR`. */
function typed(name: OptionName): string {
  const { short, value, negatable } = specOf(name);
  const forms = [
    ...(short === undefined ? [] : [`-${short}`]),
    `--${name}`,
    ...(negatable ? [`--no-${name}`] : []),
  ];
  const argument = value === undefined ? '' : ` \\fI${plain(value)}\\fR`;
  return `${forms.map((form) => `\\fB${plain(form)}\\fR`).join(', ')}${argument}`;
}

function tagged(tag: string, text: string): string {
  return `.TP\n${tag}\n${plain(text)}\n`;
}

function sectionOf(command: Command): string {
  return [
    `.SS ${command.name}\n`,
    ...command.usage.map((usage) => `.PP\n\\fBikfs\\fR ${plain(usage)}\n`),
    ...command.description.map((paragraph) => `.PP\n${plain(paragraph)}\n`),
    ...command.options.map((name) => tagged(typed(name), specOf(name).summary)),
  ].join('');
}

/**
 * The manual page ikfs(8).
 * @param version of ikfs
 */
export function manualPage(commands: readonly Command[], version: string): string {
  return [
    `.TH IKFS 8 "" "ikfs ${plain(version)}" "System administration"\n`,
    `.SH NAME\nikfs \\- ${plain('what Linux kernels carry inside themselves, as files')}\n`,
    '.SH SYNOPSIS\n\\fBikfs\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]\n',
    `.SH DESCRIPTION\n${plain(
      'Mounts a read-only tree of the headers, configuration and type information (BTF) of Linux kernels, extracted on demand from the images and modules that lie on the system. Tools of BPF find there what no package brings: eval "$(ikfs env)".',
    )}\n`,
    '.SH COMMANDS\n',
    ...commands.map(sectionOf),
    `.SH LIMITS\n${plain('Caps on what files may expand to, for --limit NAME=VALUE; sizes take K, M or G.')}\n`,
    ...limitNames.map((name) => {
      const { meaning, reason } = caps[name];
      return tagged(
        `\\fB${plain(optionName(name))}\\fR`,
        `${meaning} (default: ${formatLimit(name)}). ${reason}.`,
      );
    }),
    '.SH EXIT STATUS\n',
    ...Object.entries(exitCodes).map(([code, meaning]) => tagged(`\\fB${code}\\fR`, meaning)),
    '.SH SEE ALSO\n\\fBbpftool\\fR(8), \\fBbpftrace\\fR(8), \\fBmount\\fR(8), \\fBpahole\\fR(1)\n',
  ].join('');
}
