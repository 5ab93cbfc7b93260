import type { Macros } from './c-macros.ts';
import { Conditions } from './c-conditions.ts';
import { isWord } from './c-tokens.ts';
import type { CToken } from './c-tokens.ts';

/** What a header declares. */
export interface DeclaredNames {
  /** Of structs, unions and enums that it gives a body. */
  readonly tags: Set<string>;
  readonly typedefs: Set<string>;
  /** Of enums without a tag: the first constant of each. */
  readonly enums: Set<string>;
}

/** A word or sign, or what brackets enclose. */
type Item = string | Group;

interface Group {
  readonly bracket: string;
  readonly items: readonly Item[];
}

const isText = (item: Item | undefined): item is string => typeof item === 'string';

/** Where in nested brackets the scanner is. */
interface Scope {
  /** `code` is a function's body or an initializer: what is declared in it is nobody else's. */
  readonly kind: 'file' | 'members' | 'brackets' | 'code';
  /** The opening bracket, and which token it is. */
  readonly bracket: string;
  readonly start: number;
  /** The statement so far. */
  items: Item[];
  /** Whether a statement came before it. */
  filled: boolean;
}

const isKeyword = (item: Item | undefined): boolean =>
  item === 'struct' || item === 'union' || item === 'enum';

/** Macros in macros, at most. */
const deepest = 12;

/**
 * Finds the types that a header itself declares, by the shape of its text: as if all branches of its conditions were
 * taken but those that the kernel's own C code never sees, and with macros expanded where they declare types.
 */
class Scanner {
  readonly #path: string;
  readonly #macros: Macros;
  readonly #found: DeclaredNames;
  #scopes: Scope[] = [{ kind: 'file', bracket: '', start: 0, items: [], filled: false }];

  constructor(path: string, macros: Macros, found: DeclaredNames) {
    this.#path = path;
    this.#macros = macros;
    this.#found = found;
  }

  scan(tokens: readonly CToken[], depth = 0): void {
    const conditions = new Conditions(() =>
      this.#scopes.map((scope) => ({ ...scope, items: [...scope.items] })),
    );
    tokens.forEach((token, place) => {
      if (typeof token !== 'string') {
        if (/^(?:el|endif)/.test(token.name) && !conditions.skipping) this.#leaveBranch();
        const scopes = conditions.take(token);
        if (scopes) this.#scopes = scopes;
        // Members may come from another file.
        if (token.name === 'include' && !conditions.skipping) this.#scope.filled = true;
      } else if (!conditions.skipping) this.#take(token, place, tokens, depth);
    });
  }

  get #scope(): Scope {
    return this.#scopes.at(-1) as Scope;
  }

  #take(token: string, place: number, tokens: readonly CToken[], depth: number): void {
    const scope = this.#scope;
    if (token === '{')
      this.#scopes.push({
        kind: this.#opened(scope),
        bracket: token,
        start: place,
        items: [],
        filled: false,
      });
    else if (token === '(' || token === '[') {
      const kind = scope.kind === 'code' ? 'code' : 'brackets';
      this.#scopes.push({ kind, bracket: token, start: place, items: [], filled: false });
    } else if (token === '}' || token === ')' || token === ']') this.#close(place, tokens, depth);
    else if (scope.kind === 'code') return;
    else if (token === ';') {
      if (scope.kind === 'file') this.#typedef(scope.items, depth);
      scope.items = [];
      scope.filled = true;
    } else {
      scope.items.push(token);
      if (isWord(token)) this.#expand(token, undefined, scope.items.slice(-3, -1), depth);
    }
  }

  #close(place: number, tokens: readonly CToken[], depth: number): void {
    // More closing than opening brackets: branches that do not go together.
    if (this.#scopes.length === 1) return;
    const closed = this.#scopes.pop() as Scope;
    const { items, kind } = this.#scope;
    if (kind === 'code') return;
    if (closed.bracket === '{' && (closed.kind === 'code' || closed.kind === 'file')) {
      // A function's end is a statement's end, and so is that of extern "C".
      if (items.at(-1) !== '=') this.#scope.items = [];
      return;
    }
    // An empty body is how headers hide what is configured away.
    if (closed.kind === 'members' && (closed.filled || closed.items.length > 0)) this.#hasBody(items, closed);
    const before = items.at(-1);
    items.push({ bracket: closed.bracket, items: closed.items });
    if (closed.bracket === '(' && typeof before === 'string' && isWord(before)) {
      const given = tokens.slice(closed.start + 1, place).filter((token) => typeof token === 'string');
      this.#expand(before, given, items.slice(-4, -2), depth);
    }
  }

  /** Takes note of what has members. @param items the statement up to their brace */
  #hasBody(items: readonly Item[], { items: [first] }: Scope): void {
    const tags = this.#tags(items) ?? [];
    for (const tag of tags) this.#found.tags.add(tag);
    if (tags.length === 0 && items.includes('enum') && isText(first) && isWord(first))
      this.#found.enums.add(first);
  }

  /** The same for all that a branch leaves open; others may close it in its place. */
  #leaveBranch(): void {
    this.#scopes.forEach((scope, place) => {
      const around = this.#scopes[place - 1];
      if (scope.kind === 'members' && around) this.#hasBody(around.items, scope);
    });
  }

  /** What a brace opens behind a statement's beginning. */
  #opened({ kind, items }: Scope): Scope['kind'] {
    if (kind === 'code') return 'code';
    if (items.at(-2) === 'extern' && items.at(-1) === '"C"') return 'file';
    return this.#tags(items) === undefined ? 'code' : 'members';
  }

  /** The tags that `struct __packed tag` may give to a body that follows; undefined where none can follow. */
  #tags(items: readonly Item[]): readonly string[] | undefined {
    let tags: readonly string[] = [];
    for (let place = items.length - 1; place >= 0; place -= 1) {
      const item = items[place] ?? '';
      if (typeof item !== 'string') {
        const word = items[place - 1];
        if (typeof word !== 'string' || item.bracket !== '(') return undefined;
        place -= 1;
        if (this.#macros.isAttribute(word, true)) continue;
        if (!isKeyword(items[place - 1])) return undefined;
        // struct __struct_group_tag(TAG) {
        const expansions = this.#macros.expansions(this.#path, word, item.items.filter(isText), true);
        tags = expansions.filter(({ length }) => length === 1).flat();
      } else if (isKeyword(item)) return tags;
      // What an enum is stored in follows its tag.
      else if (item === ':') tags = [];
      else if (!isWord(item)) return undefined;
      else if (!this.#macros.isAttribute(item, false))
        tags = [item, ...this.#macros.otherNames(this.#path, item)];
    }
    return undefined;
  }

  #typedef(items: readonly Item[], depth: number): void {
    const start = items.lastIndexOf('typedef');
    if (start < 0) return;
    const statement = items.slice(start + 1);
    const [macro, given, ...others] = statement;
    if (typeof macro === 'string' && typeof given === 'object' && others.length === 0) {
      this.#typedefByMacro(macro, given, depth);
      return;
    }
    const declarators: Item[][] = [[]];
    for (const item of statement) {
      if (item === ',') declarators.push([]);
      else declarators.at(-1)?.push(item);
    }
    for (const declarator of declarators) {
      const name = this.#declared(declarator);
      if (name !== undefined) this.#found.typedefs.add(name);
    }
  }

  /** `typedef DECLARE_BITMAP(name, bits);` */
  #typedefByMacro(macro: string, { items }: Group, depth: number): void {
    if (depth >= deepest) return;
    const words = items.map((item) => (typeof item === 'string' ? item : '0'));
    for (const expansion of this.#macros.expansions(this.#path, macro, words, true)) {
      const scanner = new Scanner(this.#path, this.#macros, this.#found);
      scanner.scan(['typedef', ...expansion, ';'], depth + 1);
    }
  }

  /** The name that a declarator is about: in `(*name)(arguments)`, `name[8] __aligned(8)`. */
  #declared(declarator: readonly Item[]): string | undefined {
    for (let place = declarator.length - 1; place >= 0; place -= 1) {
      const item = declarator[place] ?? '';
      const before = declarator[place - 1];
      if (typeof item === 'string') {
        if (isWord(item) && !this.#macros.isAttribute(item, false)) return item;
      } else if (item.bracket === '(') {
        if (item.items[0] === '*') return this.#declared(item.items);
        if (typeof before !== 'string') return before && this.#declared(before.items);
        if (!this.#macros.isAttribute(before, true)) return before;
        place -= 1;
      }
    }
    return undefined;
  }

  /**
   * Looks into what a macro comes to where it may declare types.
   * @param behind the two items that the macro stands behind: in `struct tag MEMBERS(int);` it may be the body
   */
  #expand(
    name: string,
    given: readonly string[] | undefined,
    [keyword, tag]: readonly Item[],
    depth: number,
  ): void {
    if (depth >= deepest) return;
    const scan = (tokens: readonly string[]): void => {
      // The semicolon often stands behind the macro.
      new Scanner(this.#path, this.#macros, this.#found).scan([...tokens, ';'], depth + 1);
    };
    for (const expansion of this.#macros.expansions(this.#path, name, given)) scan(expansion);
    if (!isText(keyword) || !isKeyword(keyword) || !isText(tag)) return;
    for (const expansion of this.#macros.expansions(this.#path, name, given, true)) {
      if (expansion[0] === '{') scan([keyword, tag, ...expansion]);
    }
  }
}

/**
 * The types that a header declares: what other headers declare that it includes is not among them.
 * @param path of the header in its tree, as macros know it
 * @param tokens as headerTokens() gives them
 * @param macros those of all headers of the tree
 */
export function declaredNames(path: string, tokens: readonly CToken[], macros: Macros): DeclaredNames {
  const found = { tags: new Set<string>(), typedefs: new Set<string>(), enums: new Set<string>() };
  new Scanner(path, macros, found).scan(tokens);
  return found;
}
