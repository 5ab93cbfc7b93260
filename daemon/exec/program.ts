import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { native, nativeMissing, packageRoot } from '../../src/native.ts';
import type { Native } from '../../src/native.ts';

/** The program that carries out a plan and becomes a command (native/namespace/main.cc). */
export const program = join(packageRoot, 'build', 'Release', 'ikfs-exec');

/** What it takes to run a command. @throws IkfsError `unavailable` where it was not built */
export function requireProgram(): Native {
  if (native && existsSync(program)) return native;
  const reason = native ? `${program} was not built` : `the addon is missing (${nativeMissing ?? 'unknown'})`;
  throw new IkfsError('unavailable', `commands can not be run: ${reason}`, {
    advice: 'ikfs env prints variables that do part of it',
  });
}
