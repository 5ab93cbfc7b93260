import { IkfsError } from '../errors.ts';

/**
 * The release that include/generated/utsrelease.h defines (the kernel's Makefile: filechk_utsrelease.h).
 * @throws IkfsError `corrupt` when there is no UTS_RELEASE in the text
 */
export function parseUtsRelease(text: string): string {
  const release = /^#define UTS_RELEASE "([^"\s]+)"/m.exec(text)?.[1];
  if (release === undefined) throw new IkfsError('corrupt', 'utsrelease.h does not define UTS_RELEASE');
  return release;
}
