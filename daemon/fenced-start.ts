import { dirname } from 'node:path';
import { IkfsError } from '../src/errors.ts';
import { prepareMountpoint } from '../src/transport/mountpoint.ts';
import type { Transport } from '../src/transport/transport.ts';
import { inBackground } from './background.ts';
import { enterFence, fenceParts, fenceProblem, readableFor } from './fence.ts';
import type { MountSettings } from './mount-settings.ts';
import type { MadeMountpoint } from './mountpoint.ts';
import { wantsPrefetch } from './prefetch.ts';
import { prepareStore } from './store.ts';

/** Where a kernel takes orders to tell of pressure on memory (Documentation/accounting/psi.rst). */
const pressureFiles = ['/proc/pressure/memory', '/sys/fs/cgroup'];

/**
 * Starts this process again inside of a fence, unless it is inside, or there is to be or can be none. What must be
 * done with all rights is done here, before anything of an image has been read.
 * @throws IkfsError `unavailable` when there must be one and can not be
 */
export async function startFenced(
  transport: Transport,
  settings: MountSettings,
  { made }: MadeMountpoint,
): Promise<void> {
  const { fence, values, mountpoint, onAutomount, allowOther, sources, keeping, pidFile } = settings;
  if (fence === 'off' || fenceParts()) return;
  const problem =
    transport.name === 'kernel' ? fenceProblem() : `the transport ${transport.name} mounts by itself`;
  if (problem !== undefined) {
    if (fence === 'auto') return;
    throw new IkfsError('unavailable', `no fence: ${problem}`, { steps: ['--fence'] });
  }
  const store = prepareStore(keeping);
  const place = await prepareMountpoint(mountpoint);
  const around = dirname(place);
  enterFence({
    mountpoint: place,
    leavesGroup: onAutomount && inBackground(),
    allowOther,
    made,
    readable: [...readableFor(sources), ...(wantsPrefetch(values) ? [around] : [])],
    listable: [around],
    writable: [
      ...['/dev/null', ...pressureFiles],
      ...(store === undefined ? [] : [store]),
      ...(pidFile === undefined ? [] : [dirname(pidFile)]),
    ],
  });
}
