import type { ByteRange } from '../bytes/byte-range.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import { IkfsError, errorCodes } from '../errors.ts';
import { fromNativeError, native } from '../native.ts';
import type { NativeSurvey } from '../native.ts';

/** A plain module file, as far as it is known without reading what is in its sections. */
export interface SurveyedModule {
  readonly identity: FileIdentity;
  /** Last modification in milliseconds since the epoch. */
  readonly modified: number;
  readonly class: 32 | 64;
  readonly order: 'little' | 'big';
  /** e_machine; see format/elf-machine.ts. */
  readonly machine: number;
  /** Ranges of the file. */
  readonly sections: {
    readonly btf: ByteRange | undefined;
    readonly btfBase: ByteRange | undefined;
    /** Where the section header puts it; it is not known to lie inside the file, and may be compressed. */
    readonly debugInfo: ByteRange | undefined;
  };
  /** First values of these fields of .modinfo; see format/modinfo.ts. */
  readonly name: string | undefined;
  readonly vermagic: string | undefined;
}

/**
 * What came of looking at a file. `not-elf` is a compressed module or anything else; a `limit` failure may come
 * earlier than with readModule, which takes more than 1 MiB of section headers, names or .modinfo.
 */
export type SurveyOutcome = SurveyedModule | { readonly failure: IkfsError } | 'not-elf';

/** Fields of a record of 8 bytes each: SurveyRecord of native/module/module_survey.h. */
const field = {
  state: 0,
  inode: 1,
  size: 2,
  seconds: 3,
  nanoseconds: 4,
  machine: 5,
  bits: 6,
  isBigEndian: 7,
  btf: 8,
  btfBase: 10,
  debugInfo: 12,
  text: 14,
  name: 15,
  vermagic: 17,
  offset: 19,
} as const;
const fieldsOfRecord = 20;
const stateOf = { module: 0, notElf: 1 } as const;

/** What a survey of module files has found, taken apart when it is asked for. */
export class ModuleSurvey {
  /** Files that were opened, and bytes that were read of them: for a ReadTally. */
  readonly read: { readonly files: number; readonly bytes: number };
  readonly #rows: ReadonlyMap<string, number>;
  readonly #numbers: Float64Array;
  readonly #integers: BigInt64Array;
  readonly #texts: readonly Buffer[];
  /** The text decoded last, and where it was: most modules of a kernel have one vermagic. */
  #last: { readonly text: number; readonly start: number; readonly value: string } | undefined;

  /** @param found what the addon found at those paths, in their order; without it the survey is empty */
  constructor(paths: readonly string[], found: NativeSurvey | undefined) {
    this.#rows = new Map(found ? paths.map((path, row) => [path, row]) : []);
    const records = found?.records ?? new ArrayBuffer(0);
    this.#numbers = new Float64Array(records);
    this.#integers = new BigInt64Array(records);
    this.#texts = found?.texts ?? [];
    this.read = { files: found?.files ?? 0, bytes: found?.bytes ?? 0 };
  }

  /** How many paths there is an outcome for. */
  get size(): number {
    return this.#rows.size;
  }

  /** The paths that there is an outcome for. */
  paths(): IterableIterator<string> {
    return this.#rows.keys();
  }

  /** What came of a file; undefined for one that was not looked at. */
  get(path: string): SurveyOutcome | undefined {
    const row = this.#rows.get(path);
    if (row === undefined) return undefined;
    const record = row * fieldsOfRecord;
    switch (this.#number(record + field.state)) {
      case stateOf.module:
        return this.#module(record);
      case stateOf.notElf:
        return 'not-elf';
      default:
        return { failure: this.#failure(record, path) };
    }
  }

  #module(record: number): SurveyedModule {
    const seconds = this.#integers[record + field.seconds] ?? 0n;
    const modified = seconds * 1_000_000_000n + BigInt(this.#number(record + field.nanoseconds));
    return {
      identity: {
        inode: String(this.#integers[record + field.inode]),
        size: this.#number(record + field.size),
        modified: String(modified),
      },
      modified: Number(modified / 1_000_000n),
      class: this.#number(record + field.bits) === 64 ? 64 : 32,
      order: this.#number(record + field.isBigEndian) === 1 ? 'big' : 'little',
      machine: this.#number(record + field.machine),
      sections: {
        btf: this.#range(record + field.btf),
        btfBase: this.#range(record + field.btfBase),
        debugInfo: this.#range(record + field.debugInfo),
      },
      name: this.#text(record, field.name),
      vermagic: this.#repeatedText(record, field.vermagic),
    };
  }

  #failure(record: number, path: string): IkfsError {
    const code = this.#text(record, field.name);
    const offset = this.#number(record + field.offset);
    return new IkfsError(
      errorCodes.find((known) => known === code) ?? 'io',
      this.#text(record, field.vermagic) ?? '',
      {
        path,
        offset: offset === 0 ? undefined : offset,
      },
    );
  }

  #number(at: number): number {
    return this.#numbers[at] ?? 0;
  }

  #range(at: number): ByteRange | undefined {
    const offset = this.#number(at);
    return offset < 0 ? undefined : { offset, size: this.#number(at + 1) };
  }

  #text(record: number, at: number): string | undefined {
    const start = this.#number(record + at);
    if (start < 0) return undefined;
    return this.#texts[this.#number(record + field.text)]?.toString(
      'utf8',
      start,
      start + this.#number(record + at + 1),
    );
  }

  #repeatedText(record: number, at: number): string | undefined {
    const text = this.#number(record + field.text);
    const start = this.#number(record + at);
    if (this.#last?.text === text && this.#last.start === start) return this.#last.value;
    const value = this.#text(record, at);
    if (value !== undefined) this.#last = { text, start, value };
    return value;
  }
}

/**
 * Looks at many plain module files at once, off the JavaScript thread, which is busy for a hundredth of the time
 * that readModule takes for each. An appended signature lies behind the ELF file and does not matter.
 * @param paths of files; other than regular ones are failures
 * @returns what was found; nothing where there is no addon, so that callers look at each file themselves
 * @throws IkfsError `limit` when there is not enough memory
 */
export async function surveyModules(paths: readonly string[]): Promise<ModuleSurvey> {
  try {
    return new ModuleSurvey(paths, await native?.surveyModules(paths));
  } catch (thrown) {
    throw fromNativeError(thrown, 'survey of modules');
  }
}
