/* The libraries that decoders of native/codec/ are made of, where they are there. */
import { spawnSync } from 'node:child_process';
import { compiler } from '../toolchain.mjs';

/**
 * By the name that binding.gyp has for each: a program that uses it, what it is linked with, Debian's package with
 * its header, and what is decoded in JavaScript without it.
 */
export const libraries = {
  lzma: {
    program: '#include <lzma.h>\nint main() { return lzma_version_number() == 0; }\n',
    link: '-llzma',
    library: 'liblzma',
    package: 'liblzma-dev',
    decodes: 'xz',
  },
  zstd: {
    program:
      '#define ZSTD_STATIC_LINKING_ONLY\n#include <zstd.h>\nint main() { return !ZSTD_createDCtx_advanced({}); }\n',
    link: '-lzstd',
    library: 'libzstd',
    package: 'libzstd-dev',
    decodes: 'zstd',
  },
};

/** Whether a C++ program that uses the library of that name compiles and links. */
export function hasLibrary(name) {
  const { program, link } = libraries[name];
  const [command, ...options] = compiler;
  const compile = [...options, '-x', 'c++', '-', link, '-o', '/dev/null'];
  return spawnSync(command, compile, { input: program }).status === 0;
}
