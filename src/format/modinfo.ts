/** What a kernel module says of itself in section .modinfo (include/linux/moduleparam.h: __MODULE_INFO). */
export interface Modinfo {
  /** KBUILD_MODNAME: what lsmod and /sys/kernel/btf call the module. Old kernels do not write it. */
  readonly name: string | undefined;
  /** Release and the options that a module must agree on: `6.1.192-ik SMP preempt mod_unload `. */
  readonly vermagic: string | undefined;
  /** Names of the modules that must be loaded before; empty for none. */
  readonly depends: readonly string[];
  /** Every field with its values in the file's order (`alias`, `parm` and others come more than once). */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

/**
 * Takes a .modinfo section apart: `key=value` strings, each with a NUL behind it and any number of NULs
 * between. Strings without `=` are passed over, as the kernel does (kernel/module/main.c:
 * get_next_modinfo).
 */
export function parseModinfo(section: Buffer): Modinfo {
  const fields = new Map<string, string[]>();
  for (const entry of section.toString('utf8').split('\0')) {
    const equals = entry.indexOf('=');
    if (equals <= 0) continue;
    const key = entry.slice(0, equals);
    const value = entry.slice(equals + 1);
    const values = fields.get(key);
    if (values) values.push(value);
    else fields.set(key, [value]);
  }
  const first = (key: string): string | undefined => fields.get(key)?.[0];
  return {
    name: first('name'),
    vermagic: first('vermagic'),
    depends: (first('depends') ?? '').split(',').filter((name) => name !== ''),
    fields,
  };
}

/** The release in a module's vermagic: its first word. */
export function releaseOf(vermagic: string): string | undefined {
  return /^\S+/.exec(vermagic)?.[0];
}
