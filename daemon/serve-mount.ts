import { IkfsError } from '../src/errors.ts';
import type { MountEnd, Mounted, Transport } from '../src/transport/transport.ts';
import { ArtifactLog } from './artifact-log.ts';
import { inBackground, reportReady } from './background.ts';
import { endProcess } from './end-process.ts';
import type { ExitCode } from './exit-code.ts';
import { counted } from './format-size.ts';
import { IdleExit } from './idle-exit.ts';
import { log } from './log.ts';
import { keepMemorySmall } from './memory/keep-small.ts';
import type { MemoryKeeper } from './memory/keep-small.ts';
import { formatReport, formatReportJson, mountReport } from './mount-report.ts';
import type { MountSettings } from './mount-settings.ts';
import { isClosedPipe, write } from './output.ts';
import { writePidFile } from './pid-file.ts';
import { prefetch } from './prefetch.ts';
import { Reload } from './reload.ts';
import type { ServiceManager } from './service-manager.ts';
import { ServiceStatus, describeWork } from './service-status.ts';
import { openKernels } from './session.ts';
import type { Session } from './session.ts';
import { SourceWatch, foldersToWatch } from './source-watch.ts';
import { StopSignal } from './stop-signal.ts';
import { within } from './within.ts';
import { Watchdog } from './watchdog.ts';

/** How long a new mount may take to answer, in milliseconds. */
const answerPatience = 30_000;

/** How long requests that are being answered may take when the mount ends, in milliseconds; help tells it. */
const farewellPatience = 3000;

/** How long an orderly end may take, in milliseconds; and what goes on in the process when all that counts is done. */
const [stopLimit, lingerLimit] = [10_000, 1000];

/** What ends a mount: a signal, somebody else, the kernel, or that nobody uses it. */
type End = NodeJS.Signals | MountEnd | 'idle';

/** All that a mount is served with. */
interface Service {
  readonly settings: MountSettings;
  readonly manager: ServiceManager;
  readonly session: Session;
  readonly mounted: Mounted;
  readonly artifacts: ArtifactLog;
  readonly status: ServiceStatus;
  readonly reload: Reload;
  readonly memory: MemoryKeeper;
  readonly stop: StopSignal;
  /** Resolves when the mount has ended by itself. */
  readonly ended: Promise<MountEnd>;
}

/**
 * Mounts the tree and serves it to its end.
 * @returns the exit status
 * @throws IkfsError for what keeps it from being mounted or announced
 */
export async function serveMount(
  transport: Transport,
  settings: MountSettings,
  manager: ServiceManager,
): Promise<ExitCode> {
  const { mountpoint, allowOther, readers, sources, keeping, exposure } = settings;
  const artifacts = new ArtifactLog();
  const reload = new Reload(manager, artifacts.failed);
  const started = manager.starting('looking for kernels');
  let mounted: Mounted | undefined;
  const status = new ServiceStatus(manager, () => (mounted ? describeWork(session, mounted) : 'mounting'));
  const session = await openKernels(sources, keeping, {
    mountpoint,
    exposure,
    onSettled: (settled) => {
      artifacts.settled(settled);
      status.changed();
    },
    requests: () => mounted?.requests() ?? {},
    onDamaged: () => {
      reload.request('damaged');
    },
  });
  const inFiles = (): number => keeping.room?.taken ?? 0;
  const memory = keepMemorySmall(session.memory, {
    mostBytes: settings.memoryLimit,
    inFiles,
    onShort: () => {
      log('debug', 'the kernel is short of memory: caches were let go of');
    },
  });
  const stop = new StopSignal();
  let onEnd = (_how: MountEnd): void => undefined;
  const ended = new Promise<MountEnd>((resolve) => (onEnd = resolve));
  let exitCode: ExitCode;
  try {
    const options = { mountpoint, allowOther, readers, onEnd, onError: artifacts.failed };
    mounted = await transport.mount(session, { ...options, onWork: status.changed });
    exitCode = await serve({
      ...{ settings, manager, session, mounted, artifacts, status, reload, memory, stop, ended },
    });
  } finally {
    started();
    memory.close();
    session.close();
  }
  // What is still being made, nobody waits for.
  endProcess(exitCode, lingerLimit);
  return exitCode;
}

/** Serves until something ends it, and sees to a good end. */
async function serve(service: Service): Promise<ExitCode> {
  const { settings, manager, mounted, status, stop, ended } = service;
  const waits = manager.watchdogMilliseconds;
  const watchdog = waits === undefined ? undefined : new Watchdog(manager, mounted, waits);
  let idle: IdleExit | undefined;
  let watch: SourceWatch | undefined;
  let removePidFile = (): void => undefined;
  try {
    const early = await Promise.race([answered(mounted, settings), stop.received, ended]);
    if (early !== 'answers') return exitCodeOf(early, settings);
    if (settings.pidFile !== undefined) removePidFile = writePidFile(settings.pidFile);
    status.tell();
    manager.ready();
    watchdog?.start();
    const { sources, values } = settings;
    if (values.watch !== false) {
      watch = new SourceWatch(() => {
        service.reload.request('changed');
      });
    }
    const follow = (): void => watch?.follow(foldersToWatch(sources, service.session.catalogue));
    follow();
    service.reload.begin(async () => {
      await lookAgain(service);
      follow();
    });
    const ends: Promise<End>[] = [stop.received, ended, unlessAnnounced(service)];
    if (settings.idleExit !== undefined) {
      idle = new IdleExit(mounted, settings.idleExit);
      ends.push(idle.unmounted);
    }
    return exitCodeOf(await Promise.race(ends), settings);
  } finally {
    manager.stopping();
    endInTime();
    status.stop();
    watchdog?.stop();
    watch?.close();
    idle?.stop();
    await mounted.unmount({ patience: farewellPatience, hasten: stop.hastened });
    removePidFile();
  }
}

/**
 * Resolves when the mount has shown a file. On an automount that is when this command has ended; that the kernel has
 * agreed to be served must do.
 * @throws IkfsError `unavailable` when it does not in time
 */
async function answered(
  mounted: Mounted,
  { mountpoint: path, onAutomount }: MountSettings,
): Promise<'answers'> {
  if (onAutomount) return 'answers';
  const late = (): Error => new IkfsError('unavailable', 'the mount does not answer', { path });
  await within(answerPatience, mounted.roundTrip('status.json'), late);
  return 'answers';
}

async function lookAgain({ session, mounted, status }: Service): Promise<void> {
  await mounted.replaceRoot(await session.reload());
  log('info', `looked again: ${counted(session.catalogue.kernels.size, 'kernel')}`);
  status.tell();
}

/** Announces the mount and goes on. @throws IkfsError when it can not be announced; does not resolve otherwise */
async function unlessAnnounced(service: Service): Promise<never> {
  const { mounted, session, settings, artifacts, memory } = service;
  await announce(service);
  memory.started();
  prefetch(mounted, settings.mountpoint, session.catalogue, settings.values).catch(artifacts.failed);
  return await new Promise<never>(() => undefined);
}

/** Tells what is mounted. From here on nothing in this process may touch the mount: it would wait for itself. */
async function announce({ session, settings }: Service): Promise<void> {
  const { mountpoint, values } = settings;
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

/** The exit status that an end amounts to, with its line in the log. */
function exitCodeOf(end: End, { mountpoint, idleExit = 0 }: MountSettings): ExitCode {
  switch (end) {
    case 'unmounted':
      log('info', `${mountpoint} was unmounted from outside`);
      return 0;
    case 'idle':
      log('info', `${mountpoint} was not used for ${counted(idleExit, 'second')}, and is unmounted`);
      return 0;
    case 'lost':
      log('error', `${mountpoint} was lost: the kernel has ended the connection. What was left is unmounted`);
      return 6;
    default:
      return 0;
  }
}

/** Ends the process also when it does not come to an end by itself. */
function endInTime(): void {
  endProcess(7, stopLimit);
  const warning = setTimeout(() => {
    log('error', `stopping takes more than ${stopLimit / 1000} s; what hangs is left as it is`);
  }, stopLimit - 100);
  warning.unref();
}
