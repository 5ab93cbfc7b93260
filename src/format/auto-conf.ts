/**
 * include/config/auto.conf, which kbuild's makefiles include: the options of a .config that are set, and its first lines
 * (scripts/kconfig/confdata.c: conf_write_autoconf). The order of options has no meaning; it is the configuration's.
 * Strings have quotes, and escapes in them, up to Linux 5.16, and have neither from 5.17 on ("kbuild: do not quote string
 * values in include/config/auto.conf").
 * @param text a .config
 * @param version the kernel's, `6.1.192`, where it is known
 */
export function autoConf(text: string, version: string | undefined): string {
  const quoted = keepsQuotes(version);
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line !== '' && !line.startsWith('#'));
  // The heading ends with the line that has nothing but a number sign behind the one that names the version.
  const heading = lines.slice(0, Math.min(4, start === -1 ? lines.length : start));
  const options = lines.filter((line) => line.startsWith('CONFIG_') && line.includes('='));
  const written = quoted ? options : options.map(withoutQuotes);
  return `${[...heading, ...written].join('\n')}\n`;
}

/** Whether the kernel of that version writes strings as they are in .config; so is one that is not known. */
function keepsQuotes(version: string | undefined): boolean {
  const numbers = /^(\d+)\.(\d+)/.exec(version ?? '');
  if (!numbers) return true;
  const [major, minor] = [Number(numbers[1]), Number(numbers[2])];
  return major < 5 || (major === 5 && minor < 17);
}

function withoutQuotes(line: string): string {
  const at = line.indexOf('=') + 1;
  const string = /^"(.*)"$/.exec(line.slice(at));
  return string ? line.slice(0, at) + (string[1] ?? '').replace(/\\(.)/g, '$1') : line;
}
