import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asIkfsError } from '../errors.ts';
import { packageRoot } from '../native.ts';
import { NamesData } from './names-data.ts';

/** Where it lies which header includes which; in the form of names.dat, with one list: includes as headers spell them. */
export const includesFile: string = join(packageRoot, 'src', 'bpf-headers', 'includes.dat');

/** What headers of a series include. */
export interface HeaderIncludes {
  /** For native code: what NamesData has of a header, behind the bits of the series. */
  includes(path: string): string;
}

/**
 * What headers include in a series of kernel releases, by the nearest series that is known; the older of two that are as near.
 * @param release begins with two numbers
 * @throws IkfsError when the data can not be read
 */
export function headerIncludes(release: string): HeaderIncludes {
  const data = includesData();
  const wanted = ordinal(release);
  let nearest = 0;
  data.series.forEach((series, bit) => {
    if (Math.abs(ordinal(series) - wanted) < Math.abs(ordinal(data.series[nearest] ?? '') - wanted))
      nearest = bit;
  });
  const bits = (1 << nearest).toString(36);
  return { includes: (path) => `${bits} ${data.entry(path)}` };
}

function ordinal(release: string): number {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(major ?? 0) * 1000 + Number(minor ?? 0);
}

let held: WeakRef<NamesData> | undefined;

function includesData(): NamesData {
  const there = held?.deref();
  if (there) return there;
  try {
    const read = new NamesData(readFileSync(includesFile));
    held = new WeakRef(read);
    return read;
  } catch (thrown) {
    throw asIkfsError(thrown, { path: includesFile });
  }
}
