import { Conditions } from './c-conditions.ts';
import { isWord, tokensOf } from './c-tokens.ts';
import type { CToken } from './c-tokens.ts';

/** One `#define`. */
interface Definition {
  /** Undefined for a macro without parentheses; the last may be `...` or `name...`. */
  readonly parameters: readonly string[] | undefined;
  readonly body: string;
}

const define = /^(\w+)(\(([^)]*)\))?\s*(.*)$/s;
const attribute = /^(?:__attribute__|__declspec|_Alignas|alignas)\b/;
const declaring = /\btypedef\b|\b(?:struct|union|enum)\b[^;()]*\{/;

/** Headers whose macros mean something else each time that they are included (TRACE_EVENT). */
const redefining = 'include/trace/';

/**
 * The macros of a tree of headers, as far as they matter to the declarations around them: those that only add
 * attributes, and those that declare types. All definitions of a name count, as if all branches were taken.
 */
export class Macros {
  readonly #everywhere = new Map<string, Definition[]>();
  readonly #byHeader = new Map<string, Map<string, Definition[]>>();
  readonly #attributes = new Map<string, boolean>();
  readonly #declaring = new Map<string, boolean>();

  /** Takes note of all that a header defines. To be done for all headers before anything is asked. */
  addHeader(path: string, tokens: readonly CToken[]): void {
    const own = new Map<string, Definition[]>();
    const conditions = new Conditions(() => undefined);
    for (const token of tokens) {
      if (typeof token === 'string') continue;
      conditions.take(token);
      if (token.name !== 'define' || conditions.skipping) continue;
      const [, name, brackets, parameters, body] = define.exec(token.rest) ?? [];
      if (name === undefined || body === undefined) continue;
      const definition = {
        parameters:
          brackets === undefined ? undefined : (parameters ?? '').split(',').map((one) => one.trim()),
        body,
      };
      // Numbers, by far the most, are neither attributes nor declarations.
      if (definition.parameters === undefined && /^[^A-Za-z_{]/.test(body)) continue;
      append(own, name, definition);
      if (!path.startsWith(redefining)) append(this.#everywhere, name, definition);
    }
    if (own.size > 0) this.#byHeader.set(path, own);
  }

  /** Whether a name stands for attributes, or for nothing: `__packed`, `__user`, `__aligned(8)`. */
  isAttribute(name: string, withParentheses: boolean): boolean {
    if (name === '__attribute__') return withParentheses;
    const key = withParentheses ? `${name}(` : name;
    let is = this.#attributes.get(key);
    if (is === undefined) {
      this.#attributes.set(key, false);
      const definitions = (this.#everywhere.get(name) ?? []).filter(
        ({ parameters }) => (parameters !== undefined) === withParentheses,
      );
      const adds = definitions.some(({ body }) => this.#isAttributeText(body, withParentheses));
      is =
        adds && definitions.every(({ body }) => body === '' || this.#isAttributeText(body, withParentheses));
      this.#attributes.set(key, is);
    }
    return is;
  }

  #isAttributeText(body: string, withParentheses: boolean): boolean {
    // Calls that are configured away stand for nothing too, so with parentheses that is not enough.
    if (body === '') return !withParentheses;
    if (attribute.test(body)) return true;
    const [first, second] = tokensOf(body);
    return first !== undefined && isWord(first) && this.isAttribute(first, second === '(');
  }

  /**
   * What a macro that declares types comes to, once for each of its definitions: those of the header itself where it has
   * some. None for a macro that declares nothing.
   * @param given what stands between its parentheses; undefined where there are none
   * @param anything whether macros that declare nothing count too
   */
  expansions(path: string, name: string, given: readonly string[] | undefined, anything = false): string[][] {
    const definitions = this.#definitions(path, name).filter(
      ({ parameters }) => (parameters === undefined) === (given === undefined),
    );
    return definitions
      .filter(({ body }) => anything || this.#declares(path, body))
      .map((definition) => expand(definition, given ?? []));
  }

  /** The names that a header itself puts in the place of a name: snd_pcm_mmap_status for __snd_pcm_mmap_status. */
  otherNames(path: string, name: string): string[] {
    return (this.#byHeader.get(path)?.get(name) ?? [])
      .filter(({ parameters, body }) => parameters === undefined && /^[A-Za-z_]\w*$/.test(body))
      .map(({ body }) => body);
  }

  #definitions(path: string, name: string): readonly Definition[] {
    return this.#byHeader.get(path)?.get(name) ?? this.#everywhere.get(name) ?? [];
  }

  /** Whether a body declares a type, itself or by another macro. */
  #declares(path: string, body: string): boolean {
    if (declaring.test(body)) return true;
    return tokensOf(body).some((word) => {
      if (!isWord(word)) return false;
      let declares = this.#declaring.get(word);
      if (declares === undefined) {
        this.#declaring.set(word, false);
        const definitions = this.#definitions(path, word);
        declares = definitions.some((definition) => this.#declares(path, definition.body));
        this.#declaring.set(word, declares);
      }
      return declares;
    });
  }
}

function append(to: Map<string, Definition[]>, name: string, definition: Definition): void {
  const there = to.get(name);
  if (there) there.push(definition);
  else to.set(name, [definition]);
}

/** What stands between the commas that no brackets enclose. */
function split(tokens: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if ('([{'.includes(token)) depth += 1;
    if (')]}'.includes(token)) depth -= 1;
    if (token === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** A macro's body with what was given in the place of its parameters, and `##` done. */
function expand({ parameters = [], body }: Definition, given: readonly string[]): string[] {
  const parts = split(given);
  const values = new Map<string, string[]>();
  parameters.forEach((parameter, place) => {
    if (!parameter.endsWith('...')) values.set(parameter, parts[place] ?? []);
    else {
      const rest = parts.slice(place).flatMap((part, index) => (index === 0 ? part : [',', ...part]));
      values.set(parameter === '...' ? '__VA_ARGS__' : parameter.slice(0, -3).trim(), rest);
    }
  });
  const expanded: string[] = [];
  const tokens = tokensOf(body);
  for (let place = 0; place < tokens.length; place += 1) {
    const token = tokens[place] ?? '';
    if (token === '##') {
      place += 1;
      const [first = '', ...others] = values.get(tokens[place] ?? '') ?? [tokens[place] ?? ''];
      expanded.push((expanded.pop() ?? '') + first, ...others);
    } else expanded.push(...(values.get(token) ?? [token]));
  }
  return expanded;
}
