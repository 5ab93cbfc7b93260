import { memoryOf } from '../../daemon/memory/process-memory.ts';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FileSource } from '../../src/bytes/file-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { unwrapImage } from '../../src/source/image.ts';
import { findContents } from '../../src/source/kernel-contents.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';

/** The BTF in an image, found by the engine with what is decoded in memory. */
export async function btfOf(path: string, store: MemoryStore): Promise<Buffer> {
  const image = FileSource.open(path);
  try {
    const unwrapped = await unwrapImage(image, store.scratch, defaultLimits);
    try {
      const { btf } = await findContents(unwrapped, store.scratch, defaultLimits);
      if ('missing' in btf) throw new Error(`${path}: ${btf.missing}`);
      return unwrapped.kernel.read(btf.offset, btf.size);
    } finally {
      unwrapped.close();
    }
  } finally {
    image.close();
  }
}

/** Called as a program: prints by how many bytes the memory of this process grew at the most for one image. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , path = ''] = process.argv;
  const store = new MemoryStore();
  // Sets VmHWM back to what there is now (proc_pid_clear_refs(5)).
  writeFileSync('/proc/self/clear_refs', '5');
  const { anonymous, shared, ofFiles } = memoryOf('self');
  await btfOf(path, store);
  console.log(memoryOf('self').peak - anonymous - shared - ofFiles);
}
