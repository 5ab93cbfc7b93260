import { parseBootconfig } from './bootconfig.ts';

/** What a running system says of how it was booted. */
export interface BootParameters {
  /** The text of /proc/bootconfig. */
  readonly bootconfig?: string | undefined;
  /** The text of /proc/cmdline. */
  readonly commandLine?: string | undefined;
}

/*
 * source.android.com, "Implementing OTA updates for A/B": androidboot.slot_suffix is `_a` or `_b`;
 * androidboot.slot, on some devices, the same without the underline.
 */
const keys = ['androidboot.slot_suffix', 'androidboot.slot'];

/**
 * The suffix (`_a`) of the partitions that an Android system with two sets of them was booted from. The
 * boot configuration goes before the command line, as in Android's init.
 * @returns undefined when neither text has one; also for a value that is not one letter, as it becomes part
 *   of a path
 * @throws IkfsError `corrupt` or `limit` when the boot configuration can not be parsed
 */
export function runningSlotSuffix({ bootconfig, commandLine }: BootParameters): string | undefined {
  const configured = bootconfig === undefined ? undefined : parseBootconfig(bootconfig);
  const given = commandLine === undefined ? undefined : commandLineValues(commandLine);
  const values = [...keys.map((key) => configured?.get(key)?.[0]), ...keys.map((key) => given?.get(key))];
  const value = values.find((candidate) => candidate !== undefined);
  const letter = value === undefined ? undefined : /^_?([a-z])$/.exec(value)?.[1];
  return letter === undefined ? undefined : `_${letter}`;
}

/**
 * The first value of each parameter. Spaces part parameters unless they are in double quotes
 * (Documentation/admin-guide/kernel-parameters.rst).
 */
function commandLineValues(line: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [word] of line.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const parameter = word.replaceAll('"', '');
    const equals = parameter.indexOf('=');
    const key = parameter.slice(0, equals);
    if (equals > 0 && !values.has(key)) values.set(key, parameter.slice(equals + 1));
  }
  return values;
}
