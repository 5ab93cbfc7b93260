import type { ModuleList } from '../source/module-folder.ts';
import type { SurveyedModule } from '../source/module-survey.ts';
import type { ImageContents } from './image-contents.ts';
import type { RamdiskContents } from './ramdisk-contents.ts';
import type { Workshop } from './workshop.ts';

/** The files that one kernel's artifacts are made from. Paths are real ones of this system. */
export interface KernelSources {
  readonly images: readonly string[];
  readonly moduleFolders: readonly string[];
  /** Images with modules in their ramdisks. */
  readonly ramdisks: readonly string[];
  /** Found beside the kernel: /boot/config-R, lib/modules/R/config. */
  readonly configs: readonly string[];
  /** Given by hand; each takes precedence over all that was found. */
  readonly given: {
    readonly configs: readonly string[];
    readonly headers: readonly string[];
    readonly btf: readonly string[];
  };
  /** Whether this is the running kernel, so that /proc and /sys speak of it. */
  readonly live: boolean;
  /** SHA-256 of those of the files above that are block devices, by path. */
  readonly devices: Readonly<Record<string, string>>;
}

/** Things that a user should know of a kernel and that no single artifact's outcome tells. */
export class Findings {
  readonly #texts = new Set<string>();

  add(text: string): void {
    // A text put together of others holds on to all of them, and parts of a text to the whole: a copy does not.
    this.#texts.add(Buffer.from(text).toString());
  }

  list(): readonly string[] {
    return [...this.#texts];
  }
}

/** What makers know of the kernel that they make artifacts of. */
export interface KernelContext {
  readonly release: string;
  readonly sources: KernelSources;
  readonly images: readonly ImageContents[];
  readonly ramdisks: readonly RamdiskContents[];
  readonly workshop: Workshop;
  readonly findings: Findings;
  /** Lists the modules; reads directories at the first call. */
  modules(): ModuleList;
  /** What is known of a module's file from looking at all modules in one go, while that is under way. */
  surveyed(path: string): SurveyedModule | undefined;
}
