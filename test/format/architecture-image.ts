import type { ExecutionContext } from 'ava';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DebianKernel } from '../debian-kernels.ts';
import { debianRoot, testWith } from '../requirements.ts';
import type { Need } from '../requirements.ts';

/** A kernel image in the cache of Debian's packages, and the release that its name ends with. */
export interface ArchitectureImage {
  readonly path: string;
  readonly release: string;
}

function architectureImage(kernel: DebianKernel): ArchitectureImage {
  const boot = join(debianRoot(kernel), 'boot');
  const file = readdirSync(boot).find((each) => /^vmlinu[xz]-/.test(each)) ?? '';
  return { path: join(boot, file), release: file.slice('vmlinuz-'.length) };
}

/** Like `testWith`, for a test that reads the image of a Debian kernel for another architecture. */
export function testWithImage(
  kernel: DebianKernel,
  needs: readonly Need[] = [],
): (title: string, body: (t: ExecutionContext, image: ArchitectureImage) => void | Promise<void>) => void {
  return (title, body) => {
    testWith(['debian-foreign', ...needs])(title, (t) => body(t, architectureImage(kernel)));
  };
}
