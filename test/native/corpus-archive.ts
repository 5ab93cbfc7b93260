import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './tar-builder.ts';

/**
 * The header archive in the corpus kernel's kheaders.ko, taken out with objcopy(1).
 * @param root root directory of the corpus' kernel
 */
export function corpusArchive(root: string): Buffer {
  const module = join(root, 'lib/modules/6.1.192-ik/kernel/kernel/kheaders.ko');
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  try {
    // The module's read-only data are the archive and nothing else.
    run('objcopy', ['-O', 'binary', '--only-section=.rodata', module, join(folder, 'archive')]);
    return readFileSync(join(folder, 'archive'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
