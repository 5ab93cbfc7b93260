/** A preprocessor line: what stands behind the `#`, and what behind that. */
export interface Directive {
  /** `if`, `define`, ... */
  readonly name: string;
  readonly rest: string;
}

/** A word, a sign (`{`, `##`, `...`), or a number or string as it is written. */
export type CToken = string | Directive;

const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
const tokens = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\.?\d[\w.]*|##|\.\.\.|\S/g;
const directive = /^\s*#\s*(\w*)\s*(.*)$/;

/** A header's lines without comments, continued ones joined; strings stay as they are. */
function lines(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, '')
    .replace(comments, (found) => (found.startsWith('/') ? ' ' : found))
    .split('\n');
}

/** The tokens of C text that has no preprocessor lines, such as a macro's body. */
export function tokensOf(text: string): string[] {
  return text.match(tokens) ?? [];
}

/** The tokens of a C header, its preprocessor lines among them in their places. */
export function headerTokens(text: string): CToken[] {
  const found: CToken[] = [];
  for (const line of lines(text)) {
    const [, name, rest] = directive.exec(line) ?? [];
    if (name !== undefined && rest !== undefined) found.push({ name, rest: rest.trim() });
    else for (const token of tokensOf(line)) found.push(token);
  }
  return found;
}

/** Whether a token is a name or keyword. */
export function isWord(token: string): boolean {
  return /^[A-Za-z_]/.test(token);
}
