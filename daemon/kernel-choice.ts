import type { Catalogue } from '../src/artifact/catalogue.ts';
import type { Kernel } from '../src/artifact/kernel.ts';
import { IkfsError } from '../src/errors.ts';

/** All kernels, the running one first and then from the newest to the oldest. */
export function kernelsByInterest({ kernels, running }: Catalogue): Kernel[] {
  const newestFirst = [...kernels.values()].reverse();
  return [
    ...newestFirst.filter(({ release }) => release === running),
    ...newestFirst.filter(({ release }) => release !== running),
  ];
}

/** The kernel of a release. @throws IkfsError `not-found`, naming those that are there */
export function kernelOf({ kernels }: Catalogue, release: string): Kernel {
  const kernel = kernels.get(release);
  if (kernel) return kernel;
  throw new IkfsError('not-found', `there is no kernel ${release}`, {
    advice: `There is ${[...kernels.keys()].join(', ')}`,
  });
}

/** The kernel that is meant where none is named: the running one, or the only one. @throws IkfsError `usage` otherwise */
export function oneKernel({ kernels, running }: Catalogue): Kernel {
  const [first, ...others] = kernels.values();
  const kernel = kernels.get(running ?? '') ?? (others.length === 0 ? first : undefined);
  if (kernel) return kernel;
  throw new IkfsError('usage', 'there are several kernels, and none of them is running', {
    advice: `Name one with --release: ${[...kernels.keys()].join(', ')}`,
  });
}
