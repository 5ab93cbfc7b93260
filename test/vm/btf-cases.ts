/*
 * Split BTF that breaks one rule each, or just keeps to it, for the corpus' kernel and for ikfs to judge.
 *
 * `kernel` are those that ikfs refuses because its types lead nowhere or fit nowhere. Linux looks at that in
 * programs' BTF only: of a module's it checks each type by itself and follows typedefs, const and the like
 * (kernel/bpf/btf.c, btf_parse_module(): btf_check_all_metas() and btf_check_type_tags(), not
 * btf_check_all_types()). `ikfs` are those that ikfs lets pass although Linux 6.1 does not.
 */
import { buildBtf } from '../format/btf-builder.ts';
import { SplitBtf, flagged, strings, wordsOf } from './split-btf.ts';
import type { Ground, Text } from './split-btf.ts';

/** Who takes it: Linux 6.1 and ikfs, only one of them, or neither. */
export type Takers = 'both' | 'neither' | 'kernel' | 'ikfs';

export interface BtfCase {
  readonly title: string;
  readonly takers: Takers;
  readonly btf: Buffer;
}

const nothing = 0;
const void_ = 0;
/** BTF_MAX_TYPE of include/uapi/linux/btf.h. */
const lastId = 0xf_ffff;

/** All cases for a base. */
export function btfCases(ground: Ground): BtfCase[] {
  const split = new SplitBtf(ground);
  const id = split.id.bind(split);
  const text = split.text.bind(split);
  const type = split.type.bind(split);
  const [int, thing, beyond] = [id(0), id(1), id(1000)];
  const whole = split.of([]);
  const ofBytes = (title: string, takers: Takers, btf: Buffer): BtfCase => ({ title, takers, btf });
  const ofTypes = (title: string, takers: Takers, ...types: readonly number[][]): BtfCase =>
    ofBytes(title, takers, split.of(types));

  return [
    ofBytes('types and strings', 'both', whole),
    ofBytes('no types', 'both', split.of([], { types: Buffer.alloc(0) })),
    ofBytes(
      'no strings',
      'both',
      split.of([], { types: wordsOf(type('pointer', nothing, void_)), strings: '' }),
    ),
    ofBytes('another magic', 'neither', Buffer.concat([Buffer.from('BT'), whole.subarray(2)])),
    ofBytes('another version', 'neither', split.of([], { version: 2 })),
    ofBytes('flags', 'neither', split.of([], { flags: 1 })),
    ofBytes('cut off in the header', 'neither', whole.subarray(0, 20)),
    ofBytes('cut off in the strings', 'neither', whole.subarray(0, -3)),
    ofBytes('the last string without an end', 'neither', split.of([], { strings: strings.slice(0, -1) })),
    ofBytes('the other byte order', 'neither', buildBtf({ order: 'big', strings: 'int\0' })),
    ofBytes('half a type', 'neither', split.of([], { types: whole.subarray(24, 24 + 5 * 4) })),
    ofBytes('types that are no whole words', 'neither', split.of([], { types: Buffer.alloc(13) })),
    ofBytes('a header that is longer, with nothing in it', 'both', longerHeader(whole, 0)),
    ofBytes('a header that is longer, with something in it', 'ikfs', longerHeader(whole, 1)),
    ofBytes('a gap between types and strings', 'neither', gap(whole)),
    ofBytes('bytes behind the strings', 'neither', Buffer.concat([whole, Buffer.alloc(4)])),

    ofTypes('kind 0', 'neither', [nothing, 0, 0]),
    ofTypes('kind 20', 'neither', [nothing, 20 << 24, 0]),
    ofTypes('a name behind all strings', 'neither', type('int', split.endOfStrings, 4, 0, 32)),
    ofTypes('a name that is the end of a string', 'both', type('int', split.endOfStrings - 1, 4, 0, 32)),
    ofTypes("a name of the base's", 'both', type('int', 1, 4, 0, 32)),

    ofTypes('int: 24 bits in 3 bytes', 'both', type('int', 'mine', 3, 0, 24)),
    ofTypes('int: 33 bits in 4 bytes', 'neither', type('int', 'mine', 4, 0, 33)),
    ofTypes('int: 136 bits', 'neither', type('int', 'mine', 32, 0, 136)),
    ofTypes('int: signed', 'both', type('int', 'mine', 4, 0, (1 << 24) | 32)),
    ofTypes('int: signed and bool', 'neither', type('int', 'mine', 4, 0, (5 << 24) | 32)),
    ofTypes('int: an encoding that is none', 'neither', type('int', 'mine', 4, 0, (8 << 24) | 32)),
    ofTypes('int: with a length', 'neither', type('int', 'mine', 4, 1, 32)),
    ofTypes('int: flagged', 'neither', flagged(type('int', 'mine', 4, 0, 32))),
    ofTypes('float: 8 bytes', 'both', type('float', 'mine', 8)),
    ofTypes('float: 3 bytes', 'neither', type('float', 'mine', 3)),

    ofTypes('pointer: to nothing', 'both', type('pointer', nothing, void_)),
    ofTypes('pointer: to a struct', 'both', type('pointer', nothing, thing)),
    ofTypes('pointer: named', 'neither', type('pointer', 'mine', thing)),
    ofTypes('pointer: flagged', 'neither', flagged(type('pointer', nothing, thing))),
    ofTypes('pointer: to an id above all', 'neither', type('pointer', nothing, lastId + 1)),
    ofTypes('pointer: to no type', 'kernel', type('pointer', nothing, beyond)),
    ofTypes('pointer: to itself', 'kernel', type('pointer', nothing, id(2))),
    ofTypes(
      'pointer: to a variable',
      'kernel',
      type('variable', 'mine', int, 0, 1),
      type('pointer', nothing, id(2)),
    ),

    ofTypes('array: of ints', 'both', type('array', nothing, 0, 0, int, int, 3)),
    ofTypes('array: of void', 'neither', type('array', nothing, 0, 0, void_, int, 3)),
    ofTypes('array: indexed by void', 'neither', type('array', nothing, 0, 0, int, void_, 3)),
    ofTypes('array: with a size', 'neither', type('array', nothing, 12, 0, int, int, 3)),
    ofTypes('array: named', 'neither', type('array', 'mine', 0, 0, int, int, 3)),
    ofTypes('array: of no type', 'kernel', type('array', nothing, 0, 0, beyond, int, 3)),
    ofTypes('array: indexed by a struct', 'kernel', type('array', nothing, 0, 0, int, thing, 3)),
    ofTypes('array: of more than 4 GiB', 'kernel', type('array', nothing, 0, 0, int, int, 0x4000_0000)),

    ofTypes(
      'struct: two members',
      'both',
      type('struct', 'mine', 8, 2, text('int'), int, 0, text('thing'), int, 32),
    ),
    ofTypes('struct: nameless, of nothing', 'both', type('struct', nothing, 0)),
    ofTypes('struct: a name that is none', 'neither', type('struct', 'spaced', 8)),
    ofTypes(
      'struct: a member whose name is none',
      'neither',
      type('struct', 'mine', 8, 1, text('spaced'), int, 0),
    ),
    ofTypes('struct: a member of void', 'neither', type('struct', 'mine', 8, 1, text('int'), void_, 0)),
    ofTypes(
      'struct: a member that begins behind it',
      'neither',
      type('struct', 'mine', 4, 1, text('int'), int, 40),
    ),
    ofTypes(
      'struct: members that are not in order',
      'neither',
      type('struct', 'mine', 8, 2, text('int'), int, 32, text('thing'), int, 0),
    ),
    ofTypes('struct: a member cut off', 'neither', type('struct', 'mine', 8, 1, text('int'), int)),
    ofTypes(
      'struct: a member that ends behind it',
      'kernel',
      type('struct', 'mine', 4, 1, text('int'), int, 16),
    ),
    ofTypes('struct: a member of no type', 'kernel', type('struct', 'mine', 8, 1, text('int'), beyond, 0)),
    ofTypes('struct: a member of itself', 'kernel', type('struct', 'mine', 8, 1, text('int'), id(2), 0)),
    ofTypes(
      'struct: a bit field wider than its type',
      'kernel',
      flagged(type('struct', 'mine', 8, 1, text('int'), int, 40 << 24)),
    ),
    ofTypes(
      'union: a member that does not begin with it',
      'neither',
      type('union', 'mine', 8, 1, text('int'), int, 8),
    ),

    ofTypes('enum: 4 bytes', 'both', type('enum', 'mine', 4, 1, text('thing'), 7)),
    ofTypes('enum: flagged', 'both', flagged(type('enum', 'mine', 4, 1, text('thing'), 7))),
    ofTypes('enum: 3 bytes', 'neither', type('enum', 'mine', 3, 1, text('thing'), 7)),
    ofTypes('enum: 16 bytes', 'neither', type('enum', 'mine', 16, 1, text('thing'), 7)),
    ofTypes('enum: a nameless constant', 'neither', type('enum', 'mine', 4, 1, nothing, 7)),
    ofTypes('enum64: 8 bytes', 'both', type('enum64', 'mine', 8, 1, text('thing'), 7, 7)),

    ofTypes('forward: of a union', 'both', flagged(type('forward', 'mine', 0))),
    ofTypes('forward: nameless', 'neither', type('forward', nothing, 0)),
    ofTypes('forward: that refers to something', 'neither', type('forward', 'mine', int)),

    ofTypes('typedef: of void', 'both', type('typedef', 'mine', void_)),
    ofTypes('typedef: nameless', 'neither', type('typedef', nothing, int)),
    ofTypes('typedef: of no type', 'neither', type('typedef', 'mine', beyond)),
    ofTypes('typedef: a name as long as may be', 'both', type('typedef', 'longest', int)),
    ofTypes('typedef: a name that is longer', 'neither', type('typedef', 'tooLong', int)),
    ofTypes('typedef: a name with a dot', 'both', type('typedef', 'dotted', int)),
    ofTypes('const: of itself', 'neither', type('const', nothing, id(2))),
    ofTypes('const: 32 of one another', 'both', ...chain(32, (next) => type('const', nothing, next), id(2))),
    ofTypes(
      'const: 33 of one another',
      'neither',
      ...chain(33, (next) => type('const', nothing, next), id(2)),
    ),
    ofTypes(
      'const: of a variable',
      'kernel',
      type('variable', 'mine', int, 0, 1),
      type('const', nothing, id(2)),
    ),
    ofTypes('tag: before const', 'both', type('const', nothing, int), type('typeTag', 'mine', id(2))),
    ofTypes('tag: behind const', 'neither', type('typeTag', 'mine', int), type('const', nothing, id(2))),
    ofTypes('tag: of no text', 'neither', type('typeTag', nothing, int)),

    ofTypes('prototype: int (int, ...)', 'both', type('prototype', nothing, int, 2, text('mine'), int, 0, 0)),
    ofTypes('prototype: named', 'neither', type('prototype', 'mine', int)),
    ofTypes('prototype: returns no type', 'kernel', type('prototype', nothing, beyond)),
    ofTypes(
      'prototype: a parameter of no type',
      'kernel',
      type('prototype', nothing, int, 1, text('mine'), beyond),
    ),
    ofTypes(
      'prototype: `...` before the end',
      'kernel',
      type('prototype', nothing, int, 2, 0, 0, text('mine'), int),
    ),
    ofTypes(
      'prototype: a parameter whose name is none',
      'kernel',
      type('prototype', nothing, int, 1, text('spaced'), int),
    ),
    ofTypes(
      'prototype: a parameter whose name is behind all strings',
      'kernel',
      type('prototype', nothing, int, 1, split.endOfStrings, int),
    ),
    ofTypes('function: global', 'both', type('prototype', nothing, int), type('function', 'mine', id(2), 1)),
    ofTypes(
      'function: extern',
      'neither',
      type('prototype', nothing, int),
      type('function', 'mine', id(2), 2),
    ),
    ofTypes(
      'function: nameless',
      'neither',
      type('prototype', nothing, int),
      type('function', nothing, id(2), 1),
    ),
    ofTypes('function: of an int', 'kernel', type('function', 'mine', int, 1)),
    ofTypes('function: of no type', 'kernel', type('function', 'mine', beyond, 1)),

    ofTypes('variable: an int', 'both', type('variable', 'mine', int, 0, 1)),
    ofTypes('variable: with a dot', 'both', type('variable', 'dotted', int, 0, 1)),
    ofTypes('variable: nameless', 'neither', type('variable', nothing, int, 0, 1)),
    ofTypes('variable: void', 'neither', type('variable', 'mine', void_, 0, 1)),
    ofTypes('variable: extern', 'neither', type('variable', 'mine', int, 0, 2)),
    ofTypes('variable: of no type', 'kernel', type('variable', 'mine', beyond, 0, 1)),
    ...[
      ['of one variable', 'both', 'section', 8, id(2), 0, 4],
      ['of no bytes', 'neither', 'section', 0, id(2), 0, 4],
      ['a variable of no bytes', 'neither', 'section', 8, id(2), 0, 0],
      ['a variable that ends behind it', 'neither', 'section', 8, id(2), 6, 4],
      ['a variable that is void', 'neither', 'section', 8, void_, 0, 4],
      ['a variable larger than its place', 'kernel', 'section', 8, id(2), 0, 2],
      ['an int as variable', 'kernel', 'section', 8, int, 0, 4],
      ['a name with a space', 'ikfs', 'spaced', 8, id(2), 0, 4],
    ].map(([title, takers, name, size, ...entry]) =>
      ofTypes(
        `section: ${String(title)}`,
        takers as Takers,
        type('variable', 'mine', int, 0, 1),
        type('section', name as Text, Number(size), 1, ...entry.map(Number)),
      ),
    ),
    ofTypes('declaration tag: of a struct', 'both', type('declarationTag', 'mine', thing, 0, 0xffff_ffff)),
    ofTypes('declaration tag: of no text', 'neither', type('declarationTag', nothing, thing, 0, 0xffff_ffff)),
    ofTypes(
      'declaration tag: of member -2',
      'neither',
      type('declarationTag', 'mine', thing, 0, 0xffff_fffe),
    ),
    ofTypes(
      'declaration tag: of a member that is none',
      'kernel',
      type('declarationTag', 'mine', thing, 0, 5),
    ),
    ofTypes('declaration tag: of an int', 'kernel', type('declarationTag', 'mine', int, 0, 0xffff_ffff)),
  ];
}
/** Types each of which refers to the next, and the last to void; the first has the id given. */
function chain(length: number, type: (next: number) => number[], first: number): number[][] {
  return Array.from({ length }, (_, index) => type(index + 1 === length ? void_ : first + index + 1));
}

/** The same with four more bytes of header. */
function longerHeader(btf: Buffer, word: number): Buffer {
  const longer = Buffer.concat([btf.subarray(0, 24), wordsOf([word]), btf.subarray(24)]);
  longer.writeUInt32LE(28, 4);
  return longer;
}

/** The same with four bytes between types and strings. */
function gap(btf: Buffer): Buffer {
  const strings = btf.readUInt32LE(16);
  const wider = Buffer.concat([btf.subarray(0, 24 + strings), Buffer.alloc(4), btf.subarray(24 + strings)]);
  wider.writeUInt32LE(strings + 4, 16);
  return wider;
}
