/** The part of fuse-native 2.2.6 that ikfs uses; the package brings no types. */
declare module 'fuse-native' {
  namespace Fuse {
    /** Answer to getattr and, by name, to readdir. */
    interface Stat {
      /** File type and permission bits. */
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly size: number;
      readonly nlink: number;
      /** Cut to 32 bits. */
      readonly ino: number;
      /** In units of 512 bytes. */
      readonly blocks: number;
      /** Milliseconds since the epoch. */
      readonly atime: number;
      readonly mtime: number;
      readonly ctime: number;
    }

    /** First argument of every reply: 0, or an errno as a negative number. */
    type Status = number;

    interface Operations {
      getattr(path: string, reply: (status: Status, stat?: Stat) => void): void;
      readdir(
        path: string,
        reply: (status: Status, names?: readonly string[], stats?: readonly Stat[]) => void,
      ): void;
      readlink(path: string, reply: (status: Status, target?: string) => void): void;
      /** A positive status is the number of bytes put into `buffer`. */
      read(
        path: string,
        handle: number,
        buffer: Buffer,
        length: number,
        offset: number,
        reply: (status: Status) => void,
      ): void;
    }

    interface Options {
      /** Milliseconds until a request is answered with ETIMEDOUT, or false. */
      readonly timeout: number | false;
    }
  }

  class Fuse {
    /** Memory of the native session. */
    readonly _thread: Buffer | null;
    constructor(mountpoint: string, operations: Fuse.Operations, options: Fuse.Options);
    /** The argument of libfuse's option parser: '-o' and a comma-separated list. */
    _fuseOptions(): string;
    /** Mounts; calls back at the kernel's INIT request. */
    open(done: (error: Error | null) => void): void;
  }

  export = Fuse;
}
