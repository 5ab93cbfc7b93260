/** The shells for which variables are printed; the first stands for all that understand sh(1). */
export type Shell = 'sh' | 'fish' | 'csh';

/** A variable with its value. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
}

/** The line that sets a variable for the shell and what it starts. The value must have no line break. */
export function assignmentLine(shell: Shell, { name, value }: Assignment): string {
  switch (shell) {
    case 'sh':
      return `export ${name}=${shellWord(value)}`;
    case 'fish':
      return `set -gx ${name} ${quoted(value, [
        ['\\', '\\\\'],
        ["'", String.raw`\'`],
      ])};`;
    case 'csh':
      return `setenv ${name} ${quoted(value, [
        ["'", String.raw`'\''`],
        // Also between quotes it would recall an earlier command.
        ['!', String.raw`\!`],
      ])};`;
  }
}

/** A text as one word of sh(1). */
export function shellWord(text: string): string {
  return quoted(text, [["'", String.raw`'\''`]]);
}

/** A text as one word: as it is where no shell makes anything of it, else between single quotes. */
function quoted(text: string, escapes: readonly (readonly [string, string])[]): string {
  if (/^[\w./:@%+=,-]+$/.test(text)) return text;
  return `'${escapes.reduce((escaped, [from, to]) => escaped.replaceAll(from, to), text)}'`;
}
