import { basename } from 'node:path';
import type { KnownDevice } from '../bytes/block-device.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import type { FileSource } from '../bytes/file-source.ts';
import { IkfsError } from '../errors.ts';
import { releaseOf } from '../format/modinfo.ts';
import { moduleNameOf } from '../format/module-name.ts';
import { confirmDevice, openImage } from '../source/device-image.ts';
import type { Step } from '../source/image.ts';
import type { ModuleEntry, PackedPlace } from '../source/module-folder.ts';
import { moduleInfo, readModule } from '../source/module.ts';
import { unpackModules } from '../source/ramdisk.ts';
import type { UnpackedModule, UnpackedModules } from '../source/ramdisk.ts';
import { blobKey } from './blob-store.ts';
import type { BlobKey } from './blob-store.ts';
import { withContent } from './content-source.ts';
import { partOf } from './content.ts';
import type { Content } from './content.ts';
import type { InputFile } from './input-file.ts';
import type { Workshop } from './workshop.ts';

/** What is kept of an image's ramdisks once they have been unpacked, so that they need not be unpacked again. */
interface RamdiskRecord extends UnpackedModules {
  /** What the kernels of the modules are called, by the folder of lib/modules that they are in; see folderOf. */
  readonly releases: Readonly<Record<string, string>>;
}

/** The modules of one kernel in an image's ramdisks. */
export interface ModulesOfRelease {
  readonly release: string;
  readonly modules: readonly ModuleEntry[];
}

const unpackedVersion = 1;
/** A record has some 150 bytes of JSON for each module. */
const recordCap = 64 * 1024 * 1024;

/** An image whose ramdisks have been unpacked. */
interface Unpacked {
  readonly record: RamdiskRecord;
  /** All modules one behind the other. */
  readonly content: Content;
  /** Of the image. */
  readonly identity: FileIdentity;
  /** Last modification of the image, in milliseconds since the epoch. */
  readonly modified: number;
}

/** The ramdisks of one image, as a source of modules. Unpacking happens once, and never again for the same bytes. */
export class RamdiskContents {
  readonly path: string;
  readonly #workshop: Workshop;
  readonly #device: KnownDevice | undefined;
  #loading: Promise<Unpacked> | undefined;
  #unpacked: Unpacked | undefined;

  /** @param device what is known of it when it is a block device */
  constructor(path: string, workshop: Workshop, device?: KnownDevice) {
    this.path = path;
    this.#workshop = workshop;
    this.#device = device;
  }

  /**
   * The modules by kernel, each kernel known by the first of its modules. Most ramdisks are of one kernel.
   * @throws IkfsError as unpackModules, and `corrupt` for a module that does not tell its kernel; the next call tries
   *   again
   */
  async modules(): Promise<readonly ModulesOfRelease[]> {
    const { modules, releases } = (await this.#load()).record;
    const entries = new Map<string, ModuleEntry[]>();
    for (const [index, { path }] of modules.entries()) {
      const release = releases[folderOf(path)] as string;
      const some = entries.get(release) ?? [];
      entries.set(release, some);
      some.push({
        name: moduleNameOf(basename(path)),
        path: `${this.path}:${path}`,
        packed: { image: this.path, index },
      });
    }
    return [...entries].map(([release, some]) => ({ release, modules: some }));
  }

  /** What was left out of the modules, in words; nothing before they were asked for. */
  notes(): readonly string[] {
    return this.#unpacked?.record.notes ?? [];
  }

  /** Whether what was unpacked has been found to be damaged in the store, so that it has to be unpacked again. */
  isDamaged(): boolean {
    const content = this.#unpacked?.content;
    return content?.kind === 'blob' && content.seal.isDamaged;
  }

  /**
   * Lets `use` read a module, as it was when the modules were listed.
   * @throws IkfsError `changed` when the store no longer has it whole, and what `use` throws
   */
  async withModule<T>(
    { path, packed }: ModuleEntry & { readonly packed: PackedPlace },
    use: (file: InputFile) => Promise<T>,
  ): Promise<T> {
    const { record, content, identity, modified } = await this.#load();
    const place = record.modules[packed.index] as UnpackedModule;
    const steps = record.archives[place.archive] as readonly Step[];
    const bytes = partOf(content, place.offset, place.size);
    return await withContent(bytes, path, (source) =>
      use({
        bytes: source,
        identity: { ...identity, inode: `${identity.inode}:${place.path}` },
        provenance: { source: path, steps, derived: false, modified },
        contentOf: ({ offset, size }) => partOf(bytes, offset, size),
      }),
    );
  }

  #load(): Promise<Unpacked> {
    this.#loading ??= this.#find().then(
      (unpacked) => (this.#unpacked = unpacked),
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }

  async #find(): Promise<Unpacked> {
    const { store, reads } = this.#workshop;
    const file = openImage(this.path, this.#device, reads);
    try {
      const record = store.read(this.#key('record', file));
      const content = store.find(this.#key('modules', file), 'when-read');
      if (!record || !content) return await this.#unpack(file);
      const { identity, modified } = file;
      return { record: JSON.parse(record.toString()) as RamdiskRecord, content, identity, modified };
    } finally {
      file.close();
    }
  }

  async #unpack(file: FileSource): Promise<Unpacked> {
    const { store, limits, made } = this.#workshop;
    let found: UnpackedModules = { modules: [], archives: [], notes: [] };
    const content = await store.make(this.#key('modules', file), limits.imageBytes, async (sink) => {
      found = await unpackModules(file, sink, store.scratch, limits);
      if (this.#device) await confirmDevice(file, this.#device);
    });
    const record: RamdiskRecord = { ...found, releases: await this.#releasesOf(found, content) };
    await store.make(this.#key('record', file), recordCap, (sink) => {
      sink.write(Buffer.from(JSON.stringify(record)));
    });
    made.artifacts += 1;
    return { record, content, identity: file.identity, modified: file.modified };
  }

  /** The release of each folder of modules, from the first module in it. */
  async #releasesOf({ modules }: UnpackedModules, content: Content): Promise<Record<string, string>> {
    const releases: Record<string, string> = {};
    for (const { path, offset, size } of modules) {
      const folder = folderOf(path);
      if (releases[folder] !== undefined) continue;
      const name = `${this.path}:${path}`;
      const module = await withContent(partOf(content, offset, size), name, async (bytes) =>
        moduleInfo(await readModule(bytes, this.#workshop.limits)),
      );
      const release = module?.vermagic === undefined ? undefined : releaseOf(module.vermagic);
      if (release === undefined)
        throw new IkfsError('corrupt', 'has no vermagic in .modinfo', { path: name });
      releases[folder] = release;
    }
    return releases;
  }

  #key(what: 'record' | 'modules', { identity }: FileSource): BlobKey {
    return blobKey(`ramdisk ${what}`, unpackedVersion, [identity]);
  }
}

/**
 * What tells modules of one kernel from those of another in the same ramdisk: the folder of lib/modules that is named
 * by a release; empty where there is none, as on Android.
 */
function folderOf(path: string): string {
  return /(?:^|\/)lib\/modules\/(\d+\.\d+[^/]*)\//.exec(path)?.[1] ?? '';
}
