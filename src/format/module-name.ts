/** Suffixes of modules: plain, or as CONFIG_MODULE_COMPRESS_{GZIP,XZ,ZSTD} leaves them. */
const moduleFile = /^(.+)\.ko(?:\.(?:gz|xz|zst))?$/;

/** Whether a file of this name is a kernel module. */
export function isModuleFile(fileName: string): boolean {
  return moduleFile.test(fileName);
}

/**
 * The name that the kernel gives to the module in a file (scripts/Makefile.lib: name-fix puts `_` for `-`).
 * @param fileName without directories
 */
export function moduleNameOf(fileName: string): string {
  return fileName.replace(moduleFile, '$1').replaceAll('-', '_');
}

/**
 * What kbuild calls a module: its path in the tree that it was built in, without .ko. The kernel's own are installed under
 * kernel/ (scripts/Makefile.modinst).
 * @param path below the folder of modules: `kernel/drivers/net/mii.ko.xz`
 */
export function modulePathIn(path: string): string {
  return path.replace(moduleFile, '$1').replace(/^kernel\//, '');
}
