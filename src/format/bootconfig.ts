import { IkfsError } from '../errors.ts';

/** Every key (`androidboot.slot_suffix`) with its values, of which it may have none; in the text's order. */
export type Bootconfig = ReadonlyMap<string, readonly string[]>;

/* include/linux/bootconfig.h: XBC_NODE_MAX (keys' words and values), XBC_KEYLEN_MAX, XBC_DEPTH_MAX. */
const maximumNodes = 8192;
const maximumKey = 256;
const maximumDepth = 16;

/**
 * Parses a boot configuration: that of a ramdisk or of vendor_boot, or the text of /proc/bootconfig, which
 * is the same with all keys written out. What lies behind the first NUL is padding.
 *
 * The syntax is that of Documentation/admin-guide/bootconfig.rst and lib/bootconfig.c. What begins in the
 * line behind a `=` is no value; kernels before 2026 took it for one.
 * @throws IkfsError `corrupt` for a text that the kernel would refuse, with the offset in it (in
 *   characters); `limit` for more than 8,192 keys and values
 */
export function parseBootconfig(text: string): Bootconfig {
  return new BootconfigParser(text.split('\0', 1)[0] as string).parse();
}

/** A value and what stood behind it: `;` or a newline at the end of a line, `,` before another, `}`. */
interface Value {
  readonly text: string;
  readonly delimiter: string;
}

class BootconfigParser {
  readonly #text: string;
  readonly #values = new Map<string, string[]>();
  /** What precedes the keys in each open brace. */
  readonly #prefixes: string[] = [];
  #nodes = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Bootconfig {
    const delimiters = /[{}=+;:\n#]/g;
    for (;;) {
      delimiters.lastIndex = this.#at;
      const found = delimiters.exec(this.#text);
      const key = this.#text.slice(this.#at, found?.index).trim();
      if (!found) {
        if (key !== '') throw this.#corrupt('no delimiter behind the last key');
        if (this.#prefixes.length > 0) throw this.#corrupt('a brace is not closed');
        return this.#values;
      }
      this.#at = found.index + 1;
      this.#statement(key, found[0]);
    }
  }

  #statement(key: string, delimiter: string): void {
    switch (delimiter) {
      case '{':
        if (this.#prefixes.length === maximumDepth - 1) throw this.#corrupt('too many braces in one another');
        this.#prefixes.push(`${this.#fullKey(key)}.`);
        return;
      case '=':
        this.#assign(this.#fullKey(key), '=');
        return;
      case '+':
      case ':':
        if (this.#text[this.#at] !== '=') throw this.#corrupt(`'${delimiter}' without '='`);
        this.#at += 1;
        this.#assign(this.#fullKey(key), delimiter);
        return;
      default:
        if (key !== '') this.#valuesOf(this.#fullKey(key));
        if (delimiter === '#') this.#passComment();
        if (delimiter === '}') this.#closeBrace();
    }
  }

  /** `=` gives a key its first value, `:` (of `:=`) other values, `+` (of `+=`) more. */
  #assign(key: string, operator: '=' | '+' | ':'): void {
    const values = this.#valuesOf(key);
    if (operator === '=' && values.length > 0) throw this.#corrupt(`${key} has a value already`);
    if (operator === ':') values.length = 0;
    let delimiter: string | undefined;
    do {
      const value = this.#value(delimiter === undefined);
      values.push(value.text);
      this.#count();
      delimiter = value.delimiter;
    } while (delimiter === ',');
    if (delimiter === '}') this.#closeBrace();
  }

  /** @param first whether it is the one behind the operator, which stands in the same line or is empty */
  #value(first: boolean): Value {
    this.#passSpace(first ? /[^\S\n]*/y : /\s*/y);
    while (!first && this.#text[this.#at] === '#') {
      this.#passComment();
      this.#passSpace(/\s*/y);
    }
    const quote = this.#text[this.#at];
    return quote === '"' || quote === "'" ? this.#quotedValue(quote) : this.#plainValue();
  }

  /** There is no way to escape the quote. */
  #quotedValue(quote: string): Value {
    const start = this.#at + 1;
    const end = this.#text.indexOf(quote, start);
    if (end === -1) throw this.#corrupt('no closing quote');
    this.#at = end + 1;
    this.#passSpace(/[^\S\n]*/y);
    const delimiter = this.#text[this.#at] ?? '\n';
    if (!/[,;\n#}]/.test(delimiter)) throw this.#corrupt('no delimiter behind a quoted value');
    return this.#finished(this.#text.slice(start, end), delimiter);
  }

  #plainValue(): Value {
    const delimiters = /[,;\n#}]/g;
    delimiters.lastIndex = this.#at;
    const found = delimiters.exec(this.#text);
    const start = this.#at;
    this.#at = found?.index ?? this.#text.length;
    return this.#finished(this.#text.slice(start, this.#at).trim(), found?.[0] ?? '\n');
  }

  /** Goes on behind the delimiter, which must be the next character unless the text is at its end. */
  #finished(text: string, delimiter: string): Value {
    // Printable or space, as the kernel's ctype has it.
    if (/[^\P{Cc}\s]/u.test(text)) throw this.#corrupt('a value has a control character');
    this.#at += 1;
    if (delimiter !== '#') return { text, delimiter };
    this.#passComment();
    return { text, delimiter: '\n' };
  }

  #passSpace(space: RegExp): void {
    space.lastIndex = this.#at;
    this.#at += space.exec(this.#text)?.[0].length ?? 0;
  }

  #passComment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end === -1 ? this.#text.length : end + 1;
  }

  #closeBrace(): void {
    if (this.#prefixes.pop() === undefined) throw this.#corrupt('a brace is closed that was not open');
  }

  #fullKey(key: string): string {
    const full = `${this.#prefixes.at(-1) ?? ''}${key}`;
    if (!/^[\w-]+(?:\.[\w-]+)*$/.test(key)) throw this.#corrupt('a key is not of letters, digits, - and _');
    if (full.length >= maximumKey || full.split('.').length > maximumDepth)
      throw this.#corrupt('a key is too long');
    return full;
  }

  #valuesOf(key: string): string[] {
    const known = this.#values.get(key);
    if (known) return known;
    this.#count();
    const values: string[] = [];
    this.#values.set(key, values);
    return values;
  }

  #count(): void {
    this.#nodes += 1;
    if (this.#nodes > maximumNodes) {
      throw new IkfsError('limit', `bootconfig: more than ${maximumNodes} keys and values`, {
        offset: this.#at,
      });
    }
  }

  #corrupt(what: string): IkfsError {
    return new IkfsError('corrupt', `bootconfig: ${what}`, { offset: this.#at });
  }
}
