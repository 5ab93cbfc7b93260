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
