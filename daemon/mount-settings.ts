import { resolve } from 'node:path';
import { exposures } from '../src/artifact/exposure.ts';
import type { Exposure } from '../src/artifact/exposure.ts';
import { IkfsError } from '../src/errors.ts';
import { automountAt } from '../src/transport/mount-table.ts';
import { fenceModes } from './fence.ts';
import type { FenceMode } from './fence.ts';
import { severities } from './log.ts';
import type { Severity } from './log.ts';
import { memoryLimit, roomWithin } from './memory/limit.ts';
import { defaultMountpoint } from './mountpoint.ts';
import type { Arguments, OptionName, OptionValues } from './options.ts';
import { prefetchLimit } from './prefetch.ts';
import { resolvedPath } from './resolved-path.ts';
import { sourcesOf } from './sources.ts';
import type { Sources } from './sources.ts';
import { keepingOf } from './store.ts';
import type { Keeping } from './store.ts';
import { wholeNumber } from './whole-number.ts';

/** The options of `ikfs mount` but those that say what is mounted. */
export const mountOptions = [
  'background',
  'pid-file',
  'idle-exit',
  'verbose',
  'log-level',
  'allow-other',
  'transport',
  'readers',
  'fence',
  'expose',
  'prefetch',
  'prefetch-limit',
  'memory-limit',
  'watch',
  'json',
] as const satisfies readonly OptionName[];

/** How a tree is mounted and served, as the command line has it. */
export interface MountSettings {
  /** All that was given. */
  readonly values: OptionValues;
  /** Absolute. */
  readonly mountpoint: string;
  /** Whether an automount waits there: then nobody can look at the mount before it is said to be done. */
  readonly onAutomount: boolean;
  readonly allowOther: boolean;
  readonly readers: number;
  /** Where kernels are, and that they are not in the tree itself. */
  readonly sources: Sources;
  readonly keeping: Keeping;
  readonly fence: FenceMode;
  readonly exposure: Exposure;
  readonly logLevel: Severity;
  /** Bytes of memory that it is to have at most; undefined when that does not matter. */
  readonly memoryLimit: number | undefined;
  /** Absolute. */
  readonly pidFile: string | undefined;
  /** Seconds without use after which the mount ends; undefined when it never does. */
  readonly idleExit: number | undefined;
}

/** A day; who wants more wants a mount that stays. */
const longestIdle = 86_400;

/** @throws IkfsError `usage` */
export function mountSettings({ values, operands }: Arguments): MountSettings {
  prefetchLimit(values);
  const idleExit = values['idle-exit'];
  const limit = memoryLimit(values);
  const pidFile = values['pid-file'];
  const mountpoint = resolve(operands[0] ?? defaultMountpoint());
  const automount = automountAt(mountpoint);
  return {
    values,
    mountpoint,
    onAutomount: automount !== undefined,
    sources: { ...sourcesOf(values), ownMount: automount ?? resolvedPath(mountpoint) },
    keeping: { ...keepingOf(values), room: limit === undefined ? undefined : roomWithin(limit) },
    fence: oneOf('fence', fenceModes, values.fence, 'auto'),
    exposure: oneOf('expose', exposures, values.expose, 'published'),
    logLevel: oneOf('log-level', severities, values['log-level'], values.verbose ? 'debug' : 'info'),
    allowOther: values['allow-other'] ?? process.geteuid?.() === 0,
    memoryLimit: limit,
    readers: wholeNumber('readers', values.readers, 2, { least: 1, most: 16 }),
    pidFile: pidFile === undefined ? undefined : resolve(pidFile),
    idleExit:
      idleExit === undefined
        ? undefined
        : wholeNumber('idle-exit', idleExit, 0, { least: 1, most: longestIdle }),
  };
}

/** What an option says of a closed list. @throws IkfsError `usage` */
function oneOf<T extends string>(
  option: OptionName,
  known: readonly T[],
  given: string | undefined,
  usual: T,
): T {
  const found = known.find((each) => each === (given ?? usual));
  if (found !== undefined) return found;
  throw new IkfsError('usage', `--${option} knows no '${given}': it is ${known.join(', ')}`);
}
