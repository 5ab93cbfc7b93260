import { execFileSync } from 'node:child_process';

/** A type as `bpftool -j btf dump file FILE format raw` prints it; each kind has some of the fields. */
interface DumpedType {
  readonly id: number;
  readonly kind: string;
  /** `(anon)` when it has none. */
  readonly name: string;
  readonly size?: number;
  readonly encoding?: string;
  readonly type_id?: number;
  readonly ret_type_id?: number;
  readonly nr_elems?: number;
  readonly fwd_kind?: string;
  readonly params?: readonly { readonly type_id: number }[];
  readonly values?: readonly { readonly name: string; readonly val: string }[];
  readonly members?: readonly {
    readonly name: string;
    readonly type_id: number;
    readonly bits_offset: number;
    readonly bitfield_size?: number;
  }[];
}

const noName = '(anon)';

/** Of several types or constants of one name, a header numbers all but the first. */
const unnumbered = (name: string): string => name.replace(/___\d+$/, '');

/** What bpftool(8) reads in BTF. @param base what it is split on */
function dumped(btf: string, base?: string): readonly DumpedType[] {
  const split = base === undefined ? [] : ['-B', base];
  const dump = execFileSync('bpftool', ['-j', ...split, 'btf', 'dump', 'file', btf, 'format', 'raw'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  // Constants of 64 bits are no numbers of JavaScript.
  const exact = dump.replaceAll(/"val":(-?\d+)/g, '"val":"$1"');
  return (JSON.parse(exact) as { types: readonly DumpedType[] }).types;
}

/** Types of BTF as bpftool(8) reads them; of split BTF its own. */
export class Shapes {
  readonly #own: readonly DumpedType[];
  readonly #types: ReadonlyMap<number, DumpedType>;

  /** @param base what it is split on */
  constructor(btf: string, base?: string) {
    this.#own = dumped(btf, base);
    const all = base === undefined ? this.#own : [...dumped(base), ...this.#own];
    this.#types = new Map(all.map((type) => [type.id, type]));
  }

  /**
   * A line for each struct, union, enumeration and type definition that has a name: its size, and each member with its
   * bit offset, width and type. What compilers and pahole do not tell apart is told alike.
   */
  lines(): string[] {
    return this.#named().map((type) => {
      const body = type.kind === 'TYPEDEF' ? this.#reference(type.type_id ?? 0) : this.#body(type);
      return `${this.#head(type)} = ${body}`;
    });
  }

  /** An assertion in C for the size of each struct and union, and for each offset that C can name. */
  assertions(): string[] {
    return this.#named().flatMap(({ kind, name, size, members }) => {
      if (members === undefined) return [];
      const type = `${kind.toLowerCase()} ${name}`;
      const plain = members.filter(
        (member) =>
          member.name !== noName && (member.bitfield_size ?? 0) === 0 && member.bits_offset % 8 === 0,
      );
      const offsets = plain.map(
        (member) =>
          `_Static_assert(__builtin_offsetof(${type}, ${member.name}) == ${member.bits_offset / 8}, "${type}.${member.name}");`,
      );
      return [`_Static_assert(sizeof(${type}) == ${size}, "${type}");`, ...offsets];
    });
  }

  #named(): DumpedType[] {
    return this.#own.filter(
      ({ kind, name }) => /^(STRUCT|UNION|ENUM|ENUM64|TYPEDEF)$/.test(kind) && name !== noName,
    );
  }

  /** How others refer to it. */
  #head({ kind, name, fwd_kind: forwardKind }: DumpedType): string {
    const word = kind === 'FWD' ? (forwardKind ?? '') : kind.toLowerCase().replace('64', '');
    return `${word} ${unnumbered(name)}`;
  }

  #reference(id: number): string {
    const type = this.#types.get(id);
    if (type === undefined) return 'void';
    const target = (): string => this.#reference(type.type_id ?? 0);
    switch (type.kind) {
      case 'INT':
        // Whether `char` has a sign is up to the compiler's options.
        if (type.name === 'char') return type.name;
        return `${type.encoding}${(type.size ?? 0) * 8}`;
      case 'FLOAT':
        return `float${(type.size ?? 0) * 8}`;
      case 'PTR':
        return `${target()}*`;
      case 'ARRAY':
        return this.#array(type);
      case 'FUNC_PROTO': {
        const parameters = (type.params ?? []).map((parameter) => this.#reference(parameter.type_id));
        return `${this.#reference(type.ret_type_id ?? 0)}(${parameters.join(', ')})`;
      }
      case 'CONST':
      case 'VOLATILE':
      case 'RESTRICT': {
        // gcc says of a constant array that its elements are too, and by `volatile` that a function does not return.
        const [qualified, qualifier] = [target(), type.kind.toLowerCase()];
        const isFunction = this.#types.get(type.type_id ?? 0)?.kind === 'FUNC_PROTO';
        const said = isFunction || qualified.startsWith(`${qualifier} `);
        return said ? qualified : `${qualifier} ${qualified}`;
      }
      default:
        return type.name === noName ? this.#body(type) : this.#head(type);
    }
  }

  /** pahole writes an array of arrays as one array. */
  #array(array: DumpedType): string {
    let count = 1;
    let type: DumpedType | undefined = array;
    let element = 0;
    for (; type?.kind === 'ARRAY'; type = this.#types.get(element)) {
      count *= type.nr_elems ?? 0;
      element = type.type_id ?? 0;
    }
    return `${this.#reference(element)}[${count}]`;
  }

  #body({ kind, size = 0, members = [], values = [] }: DumpedType): string {
    if (kind.startsWith('ENUM')) {
      // ENUM has no sign where compilers are old; a constant has the bits that it has.
      const constants = values.map(
        ({ name, val }) => `${unnumbered(name)}=${BigInt.asUintN(size * 8, BigInt(val))}`,
      );
      return `${size}{${constants.join(', ')}}`;
    }
    const lines = members
      .filter(({ name }) => !/^__padding_\d+$/.test(name))
      .map(({ name, type_id: type, bits_offset: offset, bitfield_size: width = 0 }) => {
        // Of bit fields as wide as their type clang says so, pahole does not.
        const bits = width === this.#bitsOf(type) ? 0 : width;
        const reference = this.#reference(type);
        // clang drops what qualifies a struct whose members are named as if they were those of the outer one.
        const shown = name === noName ? reference.replace(/^(const |volatile )+/, '') : reference;
        return `${offset}:${bits} ${name} ${shown}`;
      });
    return `${kind.toLowerCase()} ${size}{${lines.join('; ')}}`;
  }

  /** Bits of the number that a type is in the end; undefined when it is none. */
  #bitsOf(id: number): number | undefined {
    const type = this.#types.get(id);
    if (type?.size !== undefined) return type.size * 8;
    return type?.type_id === undefined || type.kind === 'PTR' ? undefined : this.#bitsOf(type.type_id);
  }
}
