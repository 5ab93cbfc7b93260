import { closeSync } from 'node:fs';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import type { ScratchFile } from '../bytes/scratch.ts';

/** A scratch file behind a descriptor that nothing else names. */
export function scratchFile(descriptor: number): ScratchFile {
  let open = true;
  return {
    descriptor,
    source: (name, size) => new DescriptorSource(name, descriptor, size),
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
