import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { exposures } from '../../src/artifact/exposure.ts';
import type { Exposure } from '../../src/artifact/exposure.ts';
import { IkfsError } from '../../src/errors.ts';
import { prepareMountpoint } from '../../src/transport/mountpoint.ts';
import type { Mounted, RequestCounts, Transport } from '../../src/transport/transport.ts';
import { ArtifactLog } from '../artifact-log.ts';
import { inBackground, reportReady, startInBackground } from '../background.ts';
import type { Command } from '../command.ts';
import { enterFence, fenceModeOf, fenceParts, fenceProblem, leaveNothing, readableFor } from '../fence.ts';
import type { FenceMode } from '../fence.ts';
import type { ExitCode } from '../exit-code.ts';
import { counted } from '../format-size.ts';
import { boundLog, log, setLogLevel, severities } from '../log.ts';
import type { Severity } from '../log.ts';
import { formatReport, formatReportJson, mountReport } from '../mount-report.ts';
import { createMountpoint, defaultMountpoint } from '../mountpoint.ts';
import type { MadeMountpoint } from '../mountpoint.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { wholeNumber } from '../whole-number.ts';
import { isClosedPipe, write } from '../output.ts';
import { openKernels } from '../session.ts';
import type { Session } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import type { Sources } from '../sources.ts';
import { keepingOf, prepareStore } from '../store.ts';
import type { Keeping } from '../store.ts';
import { prefetch, prefetchLimit, wantsPrefetch } from '../prefetch.ts';
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
    'log-level',
    'allow-other',
    'transport',
    'readers',
    'fence',
    'expose',
    'prefetch',
    'prefetch-limit',
    'json',
    ...sourceOptions,
  ],
  operands: { least: 0, most: 1 },

  async run({ values, operands }) {
    if (values.background && !inBackground()) return await startInBackground();
    // What is made for the mount is for others to see, and never for them to change.
    process.umask(0o022);
    exposureOf(values);
    const level = logLevelOf(values);
    setLogLevel(level);
    // Who wants to know everything gets everything.
    if (level !== 'debug') boundLog();
    const readers = wholeNumber('readers', values.readers, 2, { least: 1, most: 16 });
    prefetchLimit(values);
    const transport = await chooseTransport(values.transport ?? 'auto');
    const mountpoint = resolve(operands[0] ?? defaultMountpoint());
    const made = createMountpoint(mountpoint);
    try {
      const sources = { ...sourcesOf(values), ownMount: realPlace(mountpoint) };
      const keeping = keepingOf(values);
      await fence(fenceModeOf(values.fence), { values, transport, mountpoint, made, sources, keeping });
      return await serveTree({ values, transport, mountpoint, sources, keeping, readers });
    } finally {
      await leaveNothing(mountpoint);
      made.remove();
    }
  },
};

/** The mountpoint without links; as it is where a dead mount keeps it from being looked at. */
function realPlace(mountpoint: string): string {
  try {
    return realpathSync(mountpoint);
  } catch {
    return mountpoint;
  }
}

/** What the command line comes to. */
interface Plan {
  readonly values: OptionValues;
  readonly transport: Transport;
  readonly mountpoint: string;
  readonly sources: Sources;
  readonly keeping: Keeping;
}

/** Finds the kernels, mounts, and serves until something ends it. */
async function serveTree(plan: Plan & { readonly readers: number }): Promise<ExitCode> {
  const { values, transport, mountpoint, sources, keeping, readers } = plan;
  const artifacts = new ArtifactLog();
  let requests = (): RequestCounts => ({});
  let reload = (): void => undefined;
  const session = await openKernels(sources, keeping, {
    mountpoint,
    exposure: exposureOf(values),
    onSettled: artifacts.settled,
    requests: () => requests(),
    onDamaged: () => reload(),
  });
  const stop = new StopSignal();
  let ended = (): void => undefined;
  const endedElsewhere = new Promise<'unmounted'>((settle) => {
    ended = () => settle('unmounted');
  });
  try {
    const mounted = await transport.mount(session, {
      mountpoint,
      allowOther: allowsOther(values),
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
    session.close();
  }
}

/**
 * Starts this process again inside of a fence, unless it is inside, or there is to be or can be none. What must be
 * done with all rights is done here, before anything of an image has been read.
 * @throws IkfsError `unavailable` when there must be one and can not be
 */
async function fence(mode: FenceMode, plan: Plan & { readonly made: MadeMountpoint }): Promise<void> {
  if (mode === 'off' || fenceParts()) return;
  const { values, transport, mountpoint, made, sources, keeping } = plan;
  const problem =
    transport.name === 'kernel' ? fenceProblem() : `the transport ${transport.name} mounts by itself`;
  if (problem !== undefined) {
    if (mode === 'auto') return;
    throw new IkfsError('unavailable', `no fence: ${problem}`, { steps: ['--fence'] });
  }
  const store = prepareStore(keeping);
  const place = await prepareMountpoint(mountpoint);
  const reads = wantsPrefetch(values);
  enterFence({
    mountpoint: place,
    allowOther: allowsOther(values),
    made: made.made,
    readable: [...readableFor(sources), ...(reads ? [dirname(place)] : [])],
    listable: [dirname(place)],
    writable: ['/dev/null', ...(store === undefined ? [] : [store])],
  });
}

/** @throws IkfsError `usage` */
function logLevelOf({ 'log-level': level, verbose }: OptionValues): Severity {
  const wanted = level ?? (verbose ? 'debug' : 'info');
  const known = severities.find((each) => each === wanted);
  if (known) return known;
  throw new IkfsError('usage', `--log-level knows no '${wanted}': it is ${severities.join(', ')}`);
}

/** @throws IkfsError `usage` */
function exposureOf({ expose = 'published' }: OptionValues): Exposure {
  const known = exposures.find((each) => each === expose);
  if (known) return known;
  throw new IkfsError('usage', `--expose knows no '${expose}': it is ${exposures.join(', ')}`);
}

/** Root's mounts are for all users, unless the command line says otherwise. */
function allowsOther(values: OptionValues): boolean {
  return values['allow-other'] ?? process.geteuid?.() === 0;
}

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
