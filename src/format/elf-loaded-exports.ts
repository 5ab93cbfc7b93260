import type { ByteSource } from '../bytes/byte-source.ts';
import { exportText, followDistances, longestName, mostExports, typeByFlags } from './elf-exports.ts';
import type { ExportType, ExportedSymbol } from './elf-exports.ts';

/*
 * Of a flat image nothing is left but what the linker put side by side (include/asm-generic/vmlinux.lds.h, RO_DATA):
 * __ksymtab, __ksymtab_gpl, __kcrctab, __kcrctab_gpl, __kflagstab, __ksymtab_strings. Each table is sorted by name, as the
 * kernel looks symbols up by bisection, and entries that are relative to themselves (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS)
 * can be followed wherever the image will be loaded.
 */

/** Bytes of an entry: value, name and namespace, since Linux 5.4. */
const entrySize = 12;

/** A place is looked at for a table every so many bytes: those of a kernel are ten times as long. */
const step = 4096;

/** Entries that are looked at first at such a place. */
const firstEntries = 8;

/** Names are behind the tables, and nearer than this. */
const farthest = 8 * 1024 * 1024;

/** Entries there may be before the place that was looked at. */
const longestTable = mostExports * entrySize;

/** Places that may look like tables and are none; there is hardly one in a real image. */
const mostTries = 1000;

/** Bytes read at a time. */
const windowSize = 256 * step;

/**
 * The exports of a flat image, where entries are relative. What is found is a row of entries in the order of names, but for
 * one place at the most, where a second table begins; and between its end and the first name there is room for just as many
 * checksums as there are entries, or for none.
 * @returns undefined when there is no such row
 */
export function findLoadedExports(source: ByteSource, order: 'little' | 'big'): ExportedSymbol[] | undefined {
  let tries = 0;
  for (let start = 0; start < source.size; start += windowSize) {
    const length = Math.min(windowSize + (firstEntries + 1) * entrySize, source.size - start);
    const window = new Words(source.read(start, length), order);
    for (let at = 0; at < windowSize; at += step) {
      for (const phase of [0, 4, 8]) {
        if (!mayBeEntries(window, at + phase)) continue;
        if ((tries += 1) > mostTries) return undefined;
        const symbols = symbolsAround(source, order, start + at + phase);
        if (symbols) return symbols;
      }
    }
  }
  return undefined;
}

/** Bytes with numbers in one byte order. */
class Words {
  readonly bytes: Buffer;
  readonly #order: 'little' | 'big';

  constructor(bytes: Buffer, order: 'little' | 'big') {
    this.bytes = bytes;
    this.#order = order;
  }

  /** The same order in other bytes. */
  within(bytes: Buffer): Words {
    return new Words(bytes, this.#order);
  }

  i32(at: number): number {
    return this.#order === 'little' ? this.bytes.readInt32LE(at) : this.bytes.readInt32BE(at);
  }
}

/** Whether entries may be at a place, by their numbers alone. */
function mayBeEntries(window: Words, at: number): boolean {
  if (at + firstEntries * entrySize > window.bytes.length) return false;
  for (let entry = at; entry < at + firstEntries * entrySize; entry += entrySize) {
    if (!isNear(window.i32(entry + 4)) || !isNear(window.i32(entry + 8))) return false;
  }
  return true;
}

function isNear(distance: number): boolean {
  return distance > 0 && distance < farthest;
}

/** An entry whose name has been found, with where its texts are. */
interface Entry {
  readonly name: string;
  readonly namespace: string;
  /** The nearer of the two texts. */
  readonly text: number;
}

/** The exports whose tables a place is in, or undefined when it is in none. */
function symbolsAround(
  source: ByteSource,
  order: 'little' | 'big',
  place: number,
): ExportedSymbol[] | undefined {
  const start = Math.max(0, place - longestTable);
  const end = Math.min(source.size, place + longestTable + farthest + longestName);
  if (!areNamed(source, order, place)) return undefined;
  const words = new Words(source.read(start, end - start), order);
  let first = place - start;
  let entry = readEntry(words, first);
  if (!entry) return undefined;
  const entries = [entry];
  let behind = first + entrySize;
  for (; (entry = readEntry(words, behind)) && entries.length <= mostExports; behind += entrySize)
    entries.push(entry);
  if (entries.length < firstEntries) return undefined;
  const before: Entry[] = [];
  for (; (entry = readEntry(words, first - entrySize)) && before.length <= mostExports; first -= entrySize) {
    before.push(entry);
  }
  return complete({ source, offset: start, words }, [...before.reverse(), ...entries], behind);
}

/** Whether the first entries at a place have names: most places that look like tables are told from them by this. */
function areNamed(source: ByteSource, order: 'little' | 'big', place: number): boolean {
  const words = new Words(source.read(place, firstEntries * entrySize), order);
  for (let at = 0; at < firstEntries * entrySize; at += entrySize) {
    const name = place + at + 4 + words.i32(at + 4);
    if (name >= source.size) return false;
    const text = source.read(name, Math.min(longestName, source.size - name));
    if ((exportText(text, 0) ?? '') === '') return false;
  }
  return true;
}

function readEntry(words: Words, at: number): Entry | undefined {
  if (at < 0 || at + entrySize > words.bytes.length) return undefined;
  const [nameAt, spaceAt] = [at + 4, at + 8];
  const [toName, toSpace] = [words.i32(nameAt), words.i32(spaceAt)];
  // At first a symbol in no namespace had none, later an empty one.
  if (!isNear(toName) || !(toSpace === 0 || isNear(toSpace))) return undefined;
  const name = exportText(words.bytes, nameAt + toName);
  const namespace = toSpace === 0 ? '' : exportText(words.bytes, spaceAt + toSpace);
  if (name === undefined || name === '' || namespace === undefined) return undefined;
  const text = Math.min(nameAt + toName, toSpace === 0 ? Infinity : spaceAt + toSpace);
  return { name, namespace, text };
}

/** A part of the image that is in memory. */
interface Part {
  readonly source: ByteSource;
  /** Where in the source it begins. */
  readonly offset: number;
  readonly words: Words;
}

/**
 * Adds checksums and kinds.
 * @param behind where in the part the entries end
 */
function complete(part: Part, entries: readonly Entry[], behind: number): ExportedSymbol[] | undefined {
  const { words } = part;
  const count = entries.length;
  const room = entries.reduce((least, { text }) => Math.min(least, text), Infinity) - behind;
  const isPlain = room === 0 || room === 4 * count;
  const hasFlags = room === count || room === 5 * count;
  const types = hasFlags
    ? typesByFlags(words.bytes.subarray(behind + room - count, behind + room))
    : undefined;
  const ofGpl = secondTable(entries);
  if (!(isPlain || hasFlags) || ofGpl === undefined) return undefined;
  const crcs = room < 4 * count ? undefined : readCrcs(part, behind, count);
  return entries.map(({ name, namespace }, index) => ({
    name,
    namespace,
    crc: crcs?.[index] ?? 0,
    type: types?.[index] ?? (index < ofGpl ? 'EXPORT_SYMBOL' : 'EXPORT_SYMBOL_GPL'),
  }));
}

function typesByFlags(flags: Buffer): ExportType[] {
  return [...flags].map(typeByFlags);
}

/** Where the second of two sorted tables begins; undefined when these are more, or not sorted. */
function secondTable(entries: readonly Entry[]): number | undefined {
  const breaks = entries.flatMap(({ name }, index) => {
    const last = entries[index - 1];
    return last !== undefined && last.name >= name ? [index] : [];
  });
  return breaks.length > 1 ? undefined : (breaks[0] ?? entries.length);
}

/** Checksums, or what their distances lead to. @param start of the table in the part of the source */
function readCrcs({ source, offset, words }: Part, start: number, count: number): number[] {
  const values = Array.from({ length: count }, (_, index) => words.i32(start + index * 4));
  const places = values.map((value, index) => offset + start + index * 4 + value);
  const distant = followDistances(
    places,
    source.size,
    (place) => words.within(source.read(place, 4)).i32(0) >>> 0,
  );
  return distant ?? values.map((value) => value >>> 0);
}
