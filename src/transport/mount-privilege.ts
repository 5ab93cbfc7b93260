import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Bit of CAP_SYS_ADMIN in the capability sets (include/uapi/linux/capability.h). */
const capSysAdmin = 21n;

/**
 * Why this process may not mount, with what to do; undefined when it may: with the capability that mount(2)
 * asks for, or with a program that mounts for users.
 * @param helpers names of such programs that the transport runs
 */
export function mountPrivilegeProblem(helpers: readonly string[]): string | undefined {
  if (hasCapability(capSysAdmin) || helpers.some(isInPath)) return undefined;
  return process.geteuid?.() === 0
    ? 'root may not mount in this container. It needs --cap-add SYS_ADMIN.'
    : 'only root may mount here. Run as root, or install fusermount (apt install fuse3).';
}

/** Looks at CapEff in /proc/self/status (proc(5)). */
function hasCapability(bit: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
}

function isInPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
