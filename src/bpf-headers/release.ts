/** The numbers that a kernel's release begins with: `6.1.0-56-cloud-amd64` has 6, 1 and 0. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** @returns undefined for what does not begin with two numbers; a missing third is 0 */
export function versionOf(release: string): Version | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0) };
}

/**
 * The number that LINUX_VERSION_CODE is (Makefile: filechk_version.h): one byte each for minor and patch, which stays 255
 * where it is greater.
 */
export function versionCode({ major, minor, patch }: Version): number {
  return major * 65536 + minor * 256 + Math.min(patch, 255);
}

/** Whether a version belongs to a series (`6.3`) or comes behind it. */
export function isFrom({ major, minor }: Version, series: string): boolean {
  const [wantedMajor = 0, wantedMinor = 0] = series.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
