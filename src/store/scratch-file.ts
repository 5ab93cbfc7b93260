import { closeSync } from 'node:fs';
import { FileSink } from '../bytes/byte-sink.ts';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import type { MemoryRoom } from '../bytes/memory-room.ts';
import type { ScratchFile } from '../bytes/scratch.ts';

/** A scratch file behind a descriptor that nothing else names. @param room where it is in memory: what it is counted in */
export function scratchFile(descriptor: number, room?: MemoryRoom): ScratchFile {
  let open = true;
  let sink: FileSink | undefined;
  return {
    descriptor,
    sink: (cap) => (sink = new FileSink(descriptor, cap, room)),
    source: (name, size) => new DescriptorSource(name, descriptor, size),
    close() {
      if (!open) return;
      closeSync(descriptor);
      open = false;
      room?.give(sink?.written ?? 0);
    },
  };
}
