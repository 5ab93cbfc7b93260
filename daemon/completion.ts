import type { Command } from './command.ts';
import { optionNames, specOf } from './options.ts';
import type { OptionName } from './options.ts';

/** Shells that completion is written for. */
export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** A script for a shell that completes commands, their options, and paths. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      // zsh runs bash's completion by itself (zshcompsys(1), bashcompinit).
      return `#compdef ikfs\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`;
    case 'fish':
      return fishScript(commands);
  }
}

function optionsOf(command: Command): OptionName[] {
  return [...command.options, 'help'];
}

/** An option as it is typed, in all its forms. */
function formsOf(name: OptionName): string[] {
  const { short, negatable } = specOf(name);
  return [`--${name}`, ...(negatable ? [`--no-${name}`] : []), ...(short === undefined ? [] : [`-${short}`])];
}

function bashScript(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map(
    (command) => `    ${command.name}) words='${optionsOf(command).flatMap(formsOf).join(' ')}' ;;`,
  );
  const valueCases = optionNames.flatMap((name) => {
    const { words } = specOf(name);
    return words === undefined
      ? []
      : [`    --${name}) COMPREPLY=($(compgen -f -W '${words.join(' ')}' -- "$word")); return ;;`];
  });
  return `_ikfs() {
  local word=\${COMP_WORDS[COMP_CWORD]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names} help --help --version' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
    help) words='${names}' ;;
${cases.join('\n')}
  esac
  case \${COMP_WORDS[COMP_CWORD-1]} in
${valueCases.join('\n')}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    *) [ "\${COMP_WORDS[1]}" = help ] && COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
}
complete -o default -o bashdefault -F _ikfs ikfs
`;
}

/** A text between single quotes of fish: a backslash before quotes and backslashes (fish-language(1)). */
function fishWord(text: string): string {
  return `'${text.replace(/['\\]/g, String.raw`\$&`)}'`;
}

function fishScript(commands: readonly Command[]): string {
  const named = commands.map(
    ({ name, summary }) => `complete -c ikfs -n __fish_use_subcommand -f -a ${name} -d ${fishWord(summary)}`,
  );
  const options = commands.flatMap((command) =>
    optionsOf(command).flatMap((name) => {
      const { short, summary, value, words, negatable } = specOf(name);
      const start = `complete -c ikfs -n '__fish_seen_subcommand_from ${command.name}'`;
      const choices = words === undefined ? '' : ` -a ${fishWord(words.join(' '))}`;
      const rest = `${value === undefined ? '' : ' -r'}${choices} -d ${fishWord(summary)}`;
      return [
        `${start} -l ${name}${short === undefined ? '' : ` -s ${short}`}${rest}`,
        ...(negatable ? [`${start} -l no-${name}${rest}`] : []),
      ];
    }),
  );
  return `${[...named, ...options].join('\n')}\n`;
}
