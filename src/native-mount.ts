/**
 * The addon's mounting and unmounting. Each call has a thread of its own, so it waits neither for libuv's pool
 * nor for JavaScript. Promises reject with an Error that `fromNativeError` of native.ts understands; paths that
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
