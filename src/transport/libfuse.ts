import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type Fuse from 'fuse-native';
import { IkfsError } from '../errors.ts';

/*
 * fuse-native links to libfuse.so.2, which few machines have today. Its packages bring copies, but nothing
 * tells the dynamic loader where. The loader accepts any loaded library whose SONAME is the one needed
 * (ld.so(8)), so it is enough to load a copy first.
 */

const require = createRequire(import.meta.url);

/** Functions of fuse-native's addon that its JavaScript does not offer. */
interface Binding {
  /** Lets the event loop end although the session's handle is still there; joins no thread. */
  fuse_native_unmount(mountpoint: string, thread: Buffer): void;
}

export interface FuseNative {
  readonly Fuse: typeof Fuse;
  readonly binding: Binding;
}

let loaded: FuseNative | undefined;

/**
 * fuse-native with its addon.
 * @throws IkfsError `unavailable`: not installed, not built for this machine, or without libfuse.so.2
 */
export function loadFuseNative(): FuseNative {
  return (loaded ??= load());
}

function load(): FuseNative {
  const addon = findAddon();
  try {
    return requireAll();
  } catch (error) {
    if (!lacksLibfuse(error)) throw unloadable(error);
  }
  let reason = 'there is none for this machine';
  for (const library of bundledLibraries(addon)) {
    try {
      loadForGood(library);
      return requireAll();
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  throw withoutLibfuse(reason);
}

/** dlopen(3)'s flag that keeps a library loaded whatever becomes of the handle (glibc and musl: dlfcn.h). */
const keepLoaded = 0x1000;

/**
 * Loads a library into the process, for all to link against. Node means this call for addons and throws when
 * it has found that the library is none; by then it is loaded, and it stays.
 */
function loadForGood(library: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  try {
    process.dlopen({ exports: {} }, library, RTLD_NOW | RTLD_GLOBAL | keepLoaded);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('did not self-register'))) throw error;
  }
}

function requireAll(): FuseNative {
  const Base = require('fuse-native') as typeof Fuse;
  const loadBinding = fromFuseNative()('node-gyp-build') as (folder: string) => Binding;
  return { Fuse: Base, binding: loadBinding(dirname(require.resolve('fuse-native'))) };
}

/** The `require` of fuse-native's own files, which finds its dependencies wherever they were installed. */
function fromFuseNative(): NodeJS.Require {
  return createRequire(require.resolve('fuse-native'));
}

/** The .node file that fuse-native loads here: built on this machine, or the one that came with it. */
function findAddon(): string {
  let main: string;
  try {
    main = require.resolve('fuse-native');
  } catch (error) {
    throw new IkfsError('unavailable', 'the package fuse-native is not installed', {
      advice: 'It is an optional dependency; npm install says why it was left out.',
      cause: error,
    });
  }
  try {
    const finder = fromFuseNative()('node-gyp-build') as { path(folder: string): string };
    return finder.path(dirname(main));
  } catch (error) {
    throw new IkfsError('unavailable', `fuse-native has no addon for ${process.platform}-${process.arch}`, {
      advice:
        'Where libfuse 2 is installed for development (libfuse-dev), npm rebuild fuse-native makes one.',
      cause: error,
    });
  }
}

function lacksLibfuse(error: unknown): boolean {
  return error instanceof Error && error.message.includes('libfuse.so.2');
}

function withoutLibfuse(reason: string): IkfsError {
  const message = `libfuse.so.2 is not installed, and fuse-native's own copy could not be loaded: ${reason}`;
  return new IkfsError('unavailable', message, {
    advice: 'Install it (apt install libfuse2, apk add fuse).',
  });
}

function unloadable(error: unknown): IkfsError {
  const reason = error instanceof Error ? error.message : String(error);
  return new IkfsError('unavailable', `fuse-native cannot be loaded: ${reason}`, {
    advice: 'npm rebuild fuse-native may help.',
    cause: error,
  });
}

/** The copies of libfuse.so.2 that fuse-native's packages bring and this process could load. */
function bundledLibraries(addon: string): readonly string[] {
  const libraries = [join(dirname(addon), 'libfuse.so')];
  try {
    libraries.push((fromFuseNative()('fuse-shared-library') as { lib: string }).lib);
  } catch {
    // A dependency of fuse-native that it only needs to be built; the copy beside the addon may do.
  }
  const ownMachine = machineOf(process.execPath);
  return libraries.filter((library) => {
    const machine = machineOf(library);
    return machine !== undefined && machine === ownMachine;
  });
}

/** What must be the same in two ELF files of one process: class, byte order and e_machine (elf(5)), as text. */
function machineOf(path: string): string | undefined {
  const header = Buffer.alloc(20);
  try {
    const descriptor = openSync(path, 'r');
    try {
      readSync(descriptor, header, 0, header.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
  return `${header.toString('hex', 0, 6)} ${header.toString('hex', 18, 20)}`;
}
