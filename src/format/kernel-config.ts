/*
 * The kernel's .config (Documentation/kbuild/kconfig.rst; written by scripts/kconfig/confdata.c): lines
 * `CONFIG_X=value`, or `# CONFIG_X is not set`. Text is searched, not parsed: a configuration has ten
 * thousand lines and few are asked for.
 */

/**
 * The value of an option, as written: `y`, `m`, a number, or a string in its quotes.
 * @param name with its prefix: `CONFIG_IKHEADERS`
 * @returns undefined for an option that is not set
 */
export function configValue(text: string, name: string): string | undefined {
  const start = `${name}=`;
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
    if (at > 0 && text[at - 1] !== '\n') continue;
    const end = text.indexOf('\n', at);
    return text.slice(at + start.length, end === -1 ? undefined : end).trimEnd();
  }
  return undefined;
}

/** The compiler that the kernel was configured with: CONFIG_CC_VERSION_TEXT without its quotes. */
export function compilerText(text: string): string | undefined {
  const value = configValue(text, 'CONFIG_CC_VERSION_TEXT');
  const quoted = value === undefined ? null : /^"(.*)"$/.exec(value);
  // Kconfig escapes quotes and backslashes by a backslash (confdata.c: escape_string_value).
  return quoted?.[1]?.replace(/\\(.)/g, '$1');
}

/**
 * The version in the line `# Linux/x86 6.1.192 Kernel Configuration`. It is the beginning of the release,
 * which has CONFIG_LOCALVERSION and the like behind it.
 */
export function configuredVersion(text: string): string | undefined {
  return /^# Linux\/\S+ (\S+) Kernel Configuration$/m.exec(text.slice(0, 1024))?.[1];
}
