import type { ExportedSymbol } from './elf-exports.ts';

/**
 * Lines of Module.symvers: checksum, symbol, who exports it, how, and its namespace, with tabs between; the last is there
 * also when it is empty (Documentation/kbuild/modules.rst; scripts/mod/modpost.c: write_dump). Of kernels before 5.4, that
 * know of no namespaces, modpost reads the same lines and passes over the last field.
 * @param module `vmlinux`, or the module's path in the tree that it was built in, without .ko
 */
export function symversLines(module: string, symbols: readonly ExportedSymbol[]): string {
  return symbols
    .map(({ name, namespace, crc, type }) => {
      const checksum = crc.toString(16).padStart(8, '0');
      return `0x${checksum}\t${name}\t${module}\t${type}\t${namespace}\n`;
    })
    .join('');
}
