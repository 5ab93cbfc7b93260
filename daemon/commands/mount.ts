import { resolve } from 'node:path';
import type { Mounted, RequestCounts } from '../../src/transport/transport.ts';
import { ArtifactLog } from '../artifact-log.ts';
import { inBackground, reportReady, startInBackground } from '../background.ts';
import type { Command } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import { counted } from '../format-size.ts';
import { log } from '../log.ts';
import { formatReport, formatReportJson, mountReport } from '../mount-report.ts';
import { createMountpoint, defaultMountpoint } from '../mountpoint.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { wholeNumber } from '../whole-number.ts';
import { isClosedPipe, write } from '../output.ts';
import { openKernels } from '../session.ts';
import type { Session } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { prefetch, prefetchLimit } from '../prefetch.ts';
import { StopSignal } from '../stop-signal.ts';
import { chooseTransport } from '../transports.ts';

export const mount: Command = {
  name: 'mount',
  summary: 'mount the tree and serve it',
  usage: ['mount [OPTION...] [MOUNTPOINT]'],
  description: [
    'Mounts the tree, tells what is in it, and serves it until SIGTERM, SIGINT (Ctrl-C) or ikfs unmount. Mounting reads directories and the heads of images; artifacts are made when they are first used.',
    'MOUNTPOINT is made if it is missing, and then removed at the end. Without one it is /run/ikfs, or ikfs in $XDG_RUNTIME_DIR for users other than root.',
  ],
  options: [
    'background',
    'verbose',
    'allow-other',
    'transport',
    'readers',
    'prefetch',
    'prefetch-limit',
    'json',
    ...sourceOptions,
  ],
  operands: { least: 0, most: 1 },

  async run({ values, operands }) {
    if (values.background && !inBackground()) return await startInBackground();
    const readers = wholeNumber('readers', values.readers, 2, { least: 1, most: 16 });
    prefetchLimit(values);
    const transport = await chooseTransport(values.transport ?? 'auto');
    const mountpoint = resolve(operands[0] ?? defaultMountpoint());
    const artifacts = new ArtifactLog(values.verbose === true);
    let requests = (): RequestCounts => ({});
    let reload = (): void => undefined;
    const session = await openKernels(sourcesOf(values), keepingOf(values), {
      mountpoint,
      onSettled: artifacts.settled,
      requests: () => requests(),
      onDamaged: () => reload(),
    });
    const stop = new StopSignal();
    let ended = (): void => undefined;
    const endedElsewhere = new Promise<'unmounted'>((settle) => {
      ended = () => settle('unmounted');
    });
    const removeMountpoint = createMountpoint(mountpoint);
    try {
      const mounted = await transport.mount(session, {
        mountpoint,
        allowOther: values['allow-other'] ?? process.geteuid?.() === 0,
        onEnd: () => ended(),
        onError: artifacts.failed,
        readers,
      });
      requests = () => mounted.requests();
      reload = reloading(session, mounted, artifacts.failed);
      reloadOnHangup(reload);
      const serving = announce(session, mountpoint, values).then(() => {
        prefetch(mounted, mountpoint, session.catalogue, values).catch(artifacts.failed);
      });
      return await serve(mounted, mountpoint, serving, Promise.race([stop.received, endedElsewhere]));
    } finally {
      removeMountpoint();
      session.close();
    }
  },
};

/** @returns what makes ikfs look for kernels and modules again; several in a row are one */
function reloading(session: Session, mounted: Mounted, onError: (error: unknown) => void): () => void {
  let running: Promise<void> | undefined;
  return () => {
    running ??= session
      .reload()
      .then((root) => mounted.replaceRoot(root))
      .then(() => {
        log('info', `looked again: ${counted(session.catalogue.kernels.size, 'kernel')}`);
      })
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  };
}

/** SIGHUP reloads, as daemons do. The hangup of the terminal that it runs on ends it instead. */
function reloadOnHangup(reload: () => void): void {
  process.on('SIGHUP', () => {
    if (process.stdin.isTTY) process.kill(process.pid, 'SIGTERM');
    else reload();
  });
}

/** Tells what is mounted. From here on nothing in this process may touch the mount: it would wait for itself. */
async function announce(session: Session, mountpoint: string, values: OptionValues): Promise<void> {
  const report = await mountReport(session.catalogue, mountpoint);
  const lastLine = inBackground() ? `ikfs unmount ${mountpoint} ends it` : 'Ctrl-C unmounts';
  try {
    await write(values.json ? formatReportJson(report, session.status()) : formatReport(report, lastLine));
    if (inBackground()) reportReady();
  } catch (error) {
    // Whoever started this may not read what it says; the mount is of use all the same.
    if (!isClosedPipe(error)) throw error;
  }
}

/**
 * Serves until something ends it.
 * @param announced fails when the mount could not be announced, which ends it as well
 * @param end what ends it: a signal, or `unmounted` when somebody else has unmounted it
 */
async function serve(
  mounted: Mounted,
  mountpoint: string,
  announced: Promise<void>,
  end: Promise<NodeJS.Signals | 'unmounted'>,
): Promise<ExitCode> {
  try {
    await announced;
    if ((await end) === 'unmounted') log('info', `${mountpoint} was unmounted from outside`);
  } finally {
    await mounted.unmount();
  }
  return 0;
}
