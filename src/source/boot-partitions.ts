import { join } from 'node:path';
import { runningSlotSuffix } from '../format/bootconfig-slot.ts';
import { livePaths, readLive } from './live.ts';
import type { SystemRoot } from './system-root.ts';

/** Partitions of an Android system in which parts of a kernel may be: block devices, or files in their place. */
export interface BootPartitions {
  /** Such as may hold a kernel. */
  readonly kernels: readonly string[];
  /** Such as may hold modules in ramdisks. */
  readonly ramdisks: readonly string[];
}

/** Where Android's init links the partitions by name (system/core/init/devices.cpp). */
const partitionFolder = '/dev/block/by-name';

/** source.android.com, "Partitions": boot has the kernel, and in older systems with it all that the others hold. */
const kernelPartitions = ['boot'];
const ramdiskPartitions = ['vendor_boot', 'init_boot', 'boot'];

/** Without slots, and with the two that there are. */
const suffixes = ['', '_a', '_b'];

/**
 * Finds the partitions by name; reads links only.
 * @param slot the suffix of the slot that the system runs from; of the other one nothing is taken then. Without it both
 *   slots are, as each can be started
 */
export function bootPartitions(root: SystemRoot, slot: string | undefined): BootPartitions {
  const wanted = slot === undefined ? suffixes : [slot, ''];
  const found = (names: readonly string[]): string[] =>
    names.flatMap((name) =>
      wanted.flatMap((suffix) => {
        const place = join(partitionFolder, `${name}${suffix}`);
        const path = root.resolve(place);
        if (path === undefined) return [];
        // The name says more than the device that it leads to; where links are those of another system it can not be used.
        return [root.running ? place : path];
      }),
    );
  return { kernels: found(kernelPartitions), ramdisks: found(ramdiskPartitions) };
}

/** The suffix of the slot that this system was started from; undefined where it has none, or does not tell. */
export function runningSlot(): string | undefined {
  try {
    return runningSlotSuffix({
      bootconfig: readLive(livePaths.bootconfig)?.toString(),
      commandLine: readLive(livePaths.commandLine)?.toString(),
    });
  } catch {
    // Then both slots are looked at, and each tells which kernel it has.
    return undefined;
  }
}
