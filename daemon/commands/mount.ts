import { inBackground, startInBackground } from '../background.ts';
import type { Command } from '../command.ts';
import { leaveNothing } from '../fence.ts';
import { startFenced } from '../fenced-start.ts';
import { boundLog, setLogLevel } from '../log.ts';
import { prepareMemory } from '../memory/keep-small.ts';
import { mountOptions, mountSettings } from '../mount-settings.ts';
import { createMountpoint, replaceDeadMount } from '../mountpoint.ts';
import { sourceOptions } from '../options.ts';
import { chooseTransport } from '../transports.ts';

export const mount: Command = {
  name: 'mount',
  summary: 'mount the tree and serve it',
  usage: ['mount [OPTION...] [MOUNTPOINT]'],
  description: [
    'Mounts the tree, tells what is in it, and serves it until SIGTERM, SIGINT (Ctrl-C) or ikfs unmount. Mounting reads directories and the heads of images; artifacts are made when they are first used. SIGHUP looks for kernels and modules again.',
    'MOUNTPOINT is made if it is missing, and then removed at the end. Without one it is /run/ikfs, or ikfs in $XDG_RUNTIME_DIR for users other than root. A dead mount of an ikfs that was killed is replaced.',
    'The first signal lets requests under way be answered, for three seconds; the second does not; the third ends ikfs at once.',
  ],
  options: [...mountOptions, ...sourceOptions],
  operands: { least: 0, most: 1 },

  async run(call) {
    const settings = mountSettings(call);
    if (settings.values.background && !inBackground())
      return await startInBackground({ inGroup: settings.onAutomount });
    prepareMemory();
    // What is made for the mount is for others to see, and never for them to change.
    process.umask(0o022);
    setLogLevel(settings.logLevel);
    // Who wants to know everything gets everything.
    if (settings.logLevel !== 'debug') boundLog();
    const transport = await chooseTransport(settings.values.transport ?? 'auto');
    const { mountpoint } = settings;
    await replaceDeadMount(mountpoint);
    const made = createMountpoint(mountpoint);
    try {
      await startFenced(transport, settings, made);
      // Loaded only by the process that serves: the one that becomes it would load all of it in vain.
      const [{ serveMount }, { ServiceManager }] = await Promise.all([
        import('../serve-mount.ts'),
        import('../service-manager.ts'),
      ]);
      return await serveMount(transport, settings, new ServiceManager());
    } finally {
      await leaveNothing(mountpoint);
      made.remove();
    }
  },
};
