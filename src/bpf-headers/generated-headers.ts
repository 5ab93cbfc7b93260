import { versionCode } from './release.ts';
import type { Version } from './release.ts';

/**
 * include/generated/autoconf.h of a configuration (scripts/kconfig/confdata.c: print_symbol_for_c): 1 for y, 1 with
 * `_MODULE` behind the name for m, all else as it is.
 * @param config the text of a .config
 */
export function autoconfHeader(config: string): string {
  const lines: string[] = [];
  for (const [, name = '', value = ''] of config.matchAll(/^(CONFIG_\w+)=(.+?)\r?$/gm)) {
    if (value === 'y') lines.push(`#define ${name} 1`);
    else if (value === 'm') lines.push(`#define ${name}_MODULE 1`);
    else lines.push(`#define ${name} ${value}`);
  }
  return lines.join('\n');
}

/** include/generated/uapi/linux/version.h. */
export function versionHeader(version: Version): string {
  const { major, minor, patch } = version;
  return `#define LINUX_VERSION_CODE ${versionCode(version)}
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define LINUX_VERSION_MAJOR ${major}
#define LINUX_VERSION_PATCHLEVEL ${minor}
#define LINUX_VERSION_SUBLEVEL ${patch}`;
}

/** include/generated/utsrelease.h. */
export function releaseHeader(release: string): string {
  return `#define UTS_RELEASE ${JSON.stringify(release)}`;
}
