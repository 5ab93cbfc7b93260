import { openCatalogue } from '../src/artifact/catalogue.ts';
import type { Catalogue } from '../src/artifact/catalogue.ts';
import { ContentReader } from '../src/artifact/content-reader.ts';
import type { Exposure } from '../src/artifact/exposure.ts';
import type { HeldMemory } from '../src/artifact/held-memory.ts';
import { Workshop } from '../src/artifact/workshop.ts';
import type { Settled } from '../src/artifact/workshop.ts';
import { ReadTally } from '../src/bytes/descriptor-source.ts';
import { IkfsError } from '../src/errors.ts';
import type { DirectoryNode } from '../src/tree/node.ts';
import { Inodes } from '../src/tree/inodes.ts';
import { rootDirectory } from '../src/tree/root-directory.ts';
import { statusOf, statusText } from '../src/tree/status.ts';
import type { Status } from '../src/tree/status.ts';
import { fenceParts } from './fence.ts';
import { counted } from './format-size.ts';
import { defaultMountpoint } from './mountpoint.ts';
import { withProgress } from './progress.ts';
import type { Sources } from './sources.ts';
import { openStore } from './store.ts';
import type { Keeping } from './store.ts';
import { version } from './version.ts';

/** Everything that a command works with: the kernels that were found, and the tree that shows them. */
export interface Session {
  /** The kernels as they were found last. */
  readonly catalogue: Catalogue;
  readonly workshop: Workshop;
  readonly root: DirectoryNode;
  readonly reader: ContentReader;
  /** What is held only to be faster. */
  readonly memory: HeldMemory;
  status(): Status;
  /**
   * Looks for kernels and modules again.
   * @returns the root of the tree as it is now; files that are as they were keep their numbers
   */
  reload(): Promise<DirectoryNode>;
  close(): void;
}

/** What only some commands have to say about a session. */
export interface SessionHooks {
  /** Where the tree is mounted, for its README. */
  readonly mountpoint?: string;
  /** Told of each artifact that was asked for. */
  readonly onSettled?: (settled: Settled) => void;
  /** Called when something that the tree shows turned out to be damaged in the store: a reload makes it anew. */
  readonly onDamaged?: () => void;
  /** Who may read the tree beside this user. */
  readonly exposure?: Exposure;
  /** Requests of the transport so far. */
  readonly requests?: () => Readonly<Record<string, number>>;
}

/**
 * Finds the kernels and builds the tree over them. Makes nothing, except where an image must be unwrapped to
 * know its release.
 * @param keeping where and how what was made is kept
 * @throws IkfsError as openCatalogue and openStore
 */
export async function openSession(
  request: Sources,
  keeping: Keeping,
  hooks: SessionHooks = {},
): Promise<Session> {
  const ignore = (): void => undefined;
  const store = openStore(keeping, hooks.onDamaged ?? ignore);
  const workshop = new Workshop(
    store,
    request.limits,
    new ReadTally(),
    hooks.onSettled ?? ignore,
    hooks.exposure,
  );
  let catalogue = await withProgress('Looking for kernels', () => openCatalogue(request, workshop));
  const status = (): Status =>
    statusOf(catalogue, workshop, version, hooks.requests?.() ?? {}, fenceParts() ?? []);
  const place = hooks.mountpoint ?? defaultMountpoint();
  const inodes = new Inodes(workshop.memory.shelf);
  workshop.memory.add(inodes);
  const rootNow = (): DirectoryNode => rootDirectory(catalogue, place, () => statusText(status()), inodes);
  const reader = new ContentReader();
  return {
    get catalogue() {
      return catalogue;
    },
    workshop,
    root: rootNow(),
    reader,
    memory: workshop.memory,
    status,
    async reload() {
      catalogue = await openCatalogue(request, workshop, catalogue);
      return rootNow();
    },
    close() {
      reader.close();
      workshop.memory.shelf.close();
      store.close();
    },
  };
}

/**
 * The same, for commands that are of no use without a kernel.
 * @throws IkfsError also `not-found` when there is none
 */
export async function openKernels(
  request: Sources,
  keeping: Keeping,
  hooks: SessionHooks = {},
): Promise<Session> {
  const session = await openSession(request, keeping, hooks);
  const { kernels, rejected } = session.catalogue;
  if (kernels.size > 0) return session;
  session.close();
  const looked =
    rejected.length === 0 ? '' : ` (${counted(rejected.length, 'file')} rejected: see ikfs info)`;
  const release = request.release === undefined ? '' : ` of release ${request.release}`;
  throw new IkfsError('not-found', `no kernel${release} was found${looked}`, { path: request.sysroot });
}
