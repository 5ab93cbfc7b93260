import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileIdentity } from './bytes/file-identity.ts';
import { IkfsError, asIkfsError, errorCodes } from './errors.ts';

/** A range of an open file, or bytes in memory: what native code reads its input from. */
export type NativeInput =
  { readonly descriptor: number; readonly offset: number; readonly length: number } | Uint8Array;

/** Result of a native decode. All counts are bytes. */
export interface NativeDecoded {
  /** Input bytes up to the end of the compressed stream; trailing bytes are not an error. */
  readonly consumed: number;
  readonly produced: number;
  /** The decoded bytes when no output descriptor was given. */
  readonly bytes: Buffer | undefined;
}

/** By what native code checks the bytes of a file of the store each time it reads them. */
export interface NativeSeal {
  /** Length in bytes of what is summed up. */
  readonly size: number;
  /** As bytes/chunk-sums.ts has them. */
  readonly sums: Uint8Array;
}

/** Where native code finds a file's bytes: given here, in a file that is open, or in one that it opens. */
export type NativeContent =
  | { readonly bytes: Uint8Array }
  | { readonly descriptor: number; readonly offset: number }
  | { readonly path: string; readonly offset: number; readonly identity: FileIdentity | undefined }
  | { readonly path: string; readonly offset: number; readonly seal: NativeSeal };

/** A name in a directory, and the node behind it. */
export interface NativeName {
  readonly name: string;
  readonly inode: number;
  readonly kind: 'directory' | 'file' | 'link';
}

interface NativeNodeBase {
  readonly id: number;
  /** Whether it is known to be there, with all that it has; of others size and content are asked for. */
  readonly settled: boolean;
  /** Permission bits. */
  readonly mode: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** A node as a session answers for it. */
export type NativeNode =
  | { readonly id: number; readonly gone: true }
  | (NativeNodeBase & {
      readonly kind: 'directory';
      readonly parent: number;
      /** Its names once they are known. */
      readonly names?: readonly NativeName[];
    })
  | (NativeNodeBase & {
      readonly kind: 'file';
      /** Whether it changes by itself, so that it is asked for anew (`renewed`) each time. */
      readonly volatile?: boolean;
      readonly size?: number;
      readonly content?: NativeContent;
    })
  | (NativeNodeBase & { readonly kind: 'link'; readonly target: string })
  /** A directory with all that is below it. */
  | {
      readonly id: number;
      readonly kind: 'tree';
      readonly parent: number;
      /** As format/tree-index.ts describes. */
      readonly index: Uint8Array;
      /** What the offsets in it are in. */
      readonly content: NativeContent;
      /** A node's number is this one and its number in the index together, but for the top. */
      readonly first: number;
      /** Milliseconds since the epoch. */
      readonly modified: number;
    };

/**
 * What a request waits for: the names in a directory; whether a node is there, with size and content; or a
 * volatile file as it is now. And what nobody waits for: that the content of a file is damaged (`repaired`).
 */
export type NativeNeed = 'names' | 'settled' | 'renewed' | 'repaired';

/** What the kernel is to forget: a name in a directory, or a node's attributes and content. */
export type NativeForgetting = { readonly parent: number; readonly name: string } | { readonly node: number };

/** That what was asked for has been published, or with which errno requests end that can not be answered. */
export interface NativeAnswer {
  readonly node: number;
  readonly need: NativeNeed;
  /** 0, or a positive errno. */
  readonly error: number;
}

/** What a session is at. */
export interface NativeWork {
  /** Requests that wait for what has not been made yet. */
  readonly waiting: number;
  /** Readers that answer a request just now. */
  readonly answering: number;
  /** For how long the slowest of them has been at it, in milliseconds. */
  readonly longest: number;
}

/** A connection to the kernel, served by threads of its own. */
export interface NativeSession {
  /** Replaces nodes, all at one moment; then tells the kernel what to forget, then answers who has waited. */
  publish(
    nodes: readonly NativeNode[],
    forget: readonly NativeForgetting[],
    answered: readonly NativeAnswer[],
  ): void;
  /**
   * Begins to take requests; the root must have been published.
   * @param mountpoint full path, so that the kernel can be made to list directories ahead; none without it
   */
  start(mountpoint?: string): void;
  /** Gives memory back that is kept for answers to come. */
  letGo(): void;
  /** Whether the kernel and the session have agreed on a protocol. */
  ready(): boolean;
  /** Requests so far, by the protocol's names. */
  requests(): Record<string, number>;
  /** What readers and those who wait are at. */
  work(): NativeWork;
  /**
   * Looks at the mount as any program does, on a thread of its own. Needs the mountpoint that `start` was given.
   * @param file name of a file in the root whose attributes are asked for; without one STATFS is asked, which neither
   *   the kernel's caches nor JavaScript answer
   * @returns 0, or a positive errno; it may be long in coming
   */
  roundTrip(file?: string): Promise<number>;
  /** Begins to fill the kernel's caches with a directory of the mount, up to so many bytes. */
  warm(folder: string, mostBytes: number): void;
  /** How far that has come. */
  warmed(): { readonly files: number; readonly bytes: number; readonly done: boolean };
  /** Ends the filling soon, and lists nothing ahead any more; they keep the mount busy until `isCool()`. */
  cool(): void;
  /** Whether nothing of that is under way any more. */
  isCool(): boolean;
  /** Ends the session although the kernel has not; `ended` tells when it has. */
  close(): void;
}

export interface NativeSessionOptions {
  /** A /dev/fuse that is mounted, or a socket that stands for it; the session owns it from now on. */
  readonly descriptor: number;
  /** Threads that take requests. */
  readonly readers: number;
  /** Asked for what a request needs; the answer is a publish(). */
  readonly ask: (node: number, need: NativeNeed) => void;
  /** Called once when the session has ended: 0, or the errno that ended it. */
  readonly ended: (error: number) => void;
}

/** A way to the service manager (sd_notify(3)), open for good. */
export interface NativeNotifySocket {
  /**
   * Sends lines of NAME=VALUE; never waits.
   * @returns false when the receiver has not taken in earlier ones yet, so that it may be sent later
   * @throws an Error that `fromNativeError` understands
   */
  send(message: string): boolean;
}

/**
 * The addon's mounting and unmounting. Each call has a thread of its own, so it waits neither for libuv's pool
 * nor for JavaScript. Promises reject with an Error that `fromNativeError` understands; paths that
 * are not absolute throw TypeError.
 */
export interface NativeMounting {
  /**
   * Mounts a tree, read-only, nosuid and nodev; programs in it may be run. Done with mount(2), or by
   * fusermount3(1) where this process may not. Whoever looks at the mountpoint waits from now on until
   * somebody serves it.
   * @param mountpoint absolute; or `/dev/fd/N` for a mounted /dev/fuse that this process was given, whose
   *   descriptor N is taken over
   * @param allowOther other users may look inside; fusermount3 refuses that unless its configuration allows it
   * @returns the /dev/fuse descriptor, close-on-exec, the caller's to close: the mount is dead (ENOTCONN) from
   *   then on, and still there
   * @throws `unavailable`, `denied` (with what fusermount3 says), `not-found`, `wrong-kind`, `usage`, `io`
   */
  mount(mountpoint: string, allowOther: boolean): Promise<number>;
  /**
   * Takes the topmost mount away from a mountpoint, without looking at it: nobody needs to serve it any more.
   * @param mountpoint absolute, no symbolic link itself
   * @param lazily take it out of sight now, and away when its last user is done
   * @throws `io` when the mount is busy, which it can not be lazily; `not-found`, `denied`, `unavailable`
   */
  unmount(mountpoint: string, lazily: boolean): Promise<'unmounted' | 'not-mounted'>;
}

/**
 * The process that mounts and unmounts for one that has given up the right to (native/keeper/main.cc); `mounting`
 * asks it where there is one.
 */
export interface NativeKeeper {
  /**
   * Becomes another program with this process's number, environment and open standard streams.
   * @param command full path and arguments
   * @param kept another descriptor that it is to have
   * @throws as `fromNativeError` understands, when it can not be run
   */
  become(command: readonly string[], kept?: number): never;
  /** Opens a pipe. @returns its ends, close-on-exec, the caller's to close */
  openPipe(): { readonly reading: number; readonly writing: number };
  /** Whether this process was started with a keeper. */
  isThere(): boolean;
}

/**
 * BTF that has been read, with its base. Each function works on a thread of libuv's pool; what is written goes to
 * a descriptor from offset 0, at most `cap` bytes, and resolves to their number.
 */
export interface NativeBtf {
  /** Types of its own. */
  readonly types: number;
  /** Rejects with `corrupt` unless a kernel would accept it. */
  validate(): Promise<void>;
  /** Of BTF split on a distilled base: the same split on the kernel's. Rejects also with `mismatch`. */
  relocate(kernel: NativeBtf): Promise<Buffer>;
  /** Self-contained BTF of its own types and what they reach. */
  flatten(output: number, cap: number): Promise<number>;
  /** How many bytes flatten would write. */
  flatSize(): Promise<number>;
  /** Itself and all that is split on it in one. */
  merge(splits: readonly NativeBtf[], output: number, cap: number): Promise<number>;
  /** C declarations. @param own only of types that its base has not */
  writeHeader(own: boolean, output: number, cap: number): Promise<number>;
  /**
   * A tree of headers for BPF programs.
   * @param plan as native/btf/bpf_headers_plan.h describes it
   * @param cap how many bytes it may have
   */
  writeBpfHeaders(plan: string, cap: number): Promise<NativeBpfHeaders>;
}

/** Files, their bytes one behind the other. */
export interface NativeBpfHeaders {
  readonly bytes: Buffer;
  readonly paths: readonly string[];
  /** By the paths' order, in bytes. */
  readonly sizes: readonly number[];
  /** Structs and unions with a body, and those of them that have bytes for members. */
  readonly bodies: number;
  readonly opaque: number;
}

/** What is seen of module files from outside of their sections; source/module-survey.ts takes it apart. */
export interface NativeSurvey {
  /** A SurveyRecord of native/module/module_survey.h for each path, in their order. */
  readonly records: ArrayBuffer;
  /** What the records' texts are parts of. */
  readonly texts: readonly Buffer[];
  /** Files that were opened, and what was read of them. */
  readonly files: number;
  readonly bytes: number;
  /** What of that was sections .BTF. */
  readonly btfBytes: number;
}

/** What the process does with its memory. All but `letGoOfFilePages` and `trimHeaps` belong on JavaScript's thread. */
export interface NativeMemory {
  /** Has the allocator give memory back early. To be called early; see native/memory/process_memory.h. */
  settleAllocator(): void;
  /** Collects all garbage. @returns false where this engine can not be asked to */
  collectGarbage(): boolean;
  /** Gives free memory of the allocator back to the kernel. */
  trimHeaps(): void;
  /** Lets go of pages of programs and libraries, which come back when they are used. @returns their bytes */
  letGoOfFilePages(): number;
  /**
   * Asks the kernel to tell when programs are held up for lack of memory.
   * @param path /proc/pressure/memory, or memory.pressure of a control group
   * @param onPressure called at most once in two seconds; waiting for it does not keep the process alive
   * @returns what ends it
   * @throws what `fromNativeError` understands when there is no such file or it can not be written to
   */
  watchPressure(path: string, onPressure: () => void): () => void;
}

/**
 * What the addon in native/ offers. Each function works on a thread of libuv's pool; its promise rejects with
 * an Error whose `code` is one of `truncated`, `corrupt`, `unsupported`, `mismatch`, `limit`, `io`, `no-space`, and whose `offset` is the
 * input offset in bytes.
 */
export interface Native {
  /** The decoders compiled in, by the names of codecs: those whose library was there at build time. */
  readonly decoders: readonly string[];
  /**
   * Decodes one stream.
   * @param codec one of `decoders`
   * @param output descriptor written from offset 0, or null to return the bytes
   * @param cap the most bytes that may come out; one more is the error `limit`
   */
  decode(codec: string, input: NativeInput, output: number | null, cap: number): Promise<NativeDecoded>;
  /**
   * Decodes an xz-compressed tar archive, writes the plain tar to `output` from offset 0 and indexes it while
   * decoding.
   * @returns the index, encoded as format/archive-index.ts describes, and the counts
   */
  indexArchive(
    input: NativeInput,
    output: number,
    caps: { readonly bytes: number; readonly entries: number },
  ): Promise<{ readonly index: Buffer; readonly consumed: number; readonly produced: number }>;
  /** Reads raw BTF. @param base what it is split on */
  openBtf(input: NativeInput, base: NativeBtf | undefined): Promise<NativeBtf>;
  /**
   * Looks at module files, each opened once. Of one that can not be read the survey says why.
   * @param options `readBtf` reads sections .BTF as well, to no end but that their bytes are counted
   */
  surveyModules(paths: readonly string[], options?: { readonly readBtf?: boolean }): Promise<NativeSurvey>;
  /** Opens a session on a descriptor. Throws TypeError. */
  openSession(options: NativeSessionOptions): NativeSession;
  readonly keeper: NativeKeeper;
  /**
   * Opens the way to a service manager.
   * @param address as NOTIFY_SOCKET has it: an absolute path, or `@` and an abstract name
   * @throws an Error that `fromNativeError` understands: `usage` for other addresses, `io`
   */
  openNotifySocket(address: string): NativeNotifySocket;
  /**
   * Ends the process as it is (_exit(2)) after so many milliseconds, also when JavaScript's thread hangs: nothing
   * is run or waited for then, such as threads that hang on a disk. There is no going back.
   */
  endProcess(status: number, milliseconds: number): void;
  /** Mounting and unmounting. */
  readonly mounting: NativeMounting;
  /** What the process does with its memory. */
  readonly memory: NativeMemory;
  /** An anonymous file in memory (memfd_create(2), close-on-exec). @returns its descriptor */
  memoryFile(name: string): number;
}

interface Loaded {
  readonly addon: Native | undefined;
  /** Why there is no addon. */
  readonly reason: string | undefined;
}

/** The folder that holds package.json: the checkout, or the installed package. */
export const packageRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return folder;
    folder = parent;
  }
  return folder;
})();

function load(): Loaded {
  if (process.env['IKFS_NATIVE'] === 'off')
    return { addon: undefined, reason: 'switched off by IKFS_NATIVE=off' };
  const path = join(packageRoot, 'build', 'Release', 'ikfs.node');
  if (!existsSync(path)) return { addon: undefined, reason: 'it was not built' };
  try {
    return { addon: createRequire(import.meta.url)(path) as Native, reason: undefined };
  } catch (error) {
    return { addon: undefined, reason: error instanceof Error ? error.message : String(error) };
  }
}

const loaded = load();

/** The addon, or undefined where it could not be built or loaded: everything still works, more slowly. */
export const native: Native | undefined = loaded.addon;

/** Why `native` is undefined, in words for the user. */
export const nativeMissing: string | undefined = loaded.reason;

/**
 * A rejection of the addon as an IkfsError with the same code and offset. What the addon does not reject with
 * on purpose, such as a TypeError, becomes what `asIkfsError` makes of it.
 * @param step what was being done, where the caller does not add that itself
 */
export function fromNativeError(thrown: unknown, step?: string): IkfsError {
  if (thrown instanceof Error && 'code' in thrown && 'offset' in thrown) {
    const code = errorCodes.find((known) => known === thrown.code);
    const offset = typeof thrown.offset === 'number' ? thrown.offset : undefined;
    if (code !== undefined)
      return new IkfsError(code, thrown.message, {
        steps: step === undefined ? [] : [step],
        offset,
        cause: thrown,
      });
  }
  return asIkfsError(thrown, step === undefined ? {} : { step });
}
