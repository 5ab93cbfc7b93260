import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SourceRequest } from '../src/artifact/catalogue.ts';
import type { Limits } from '../src/bytes/limits.ts';
import { IkfsError, asIkfsError } from '../src/errors.ts';
import { refuseHeaderChoice } from './header-choice.ts';
import { limitsOf } from './limits.ts';
import type { OptionValues } from './options.ts';

/** Whether the command line itself says where kernels are. */
export function namesSources({ sysroot, image, modules, headers, btf, config }: OptionValues): boolean {
  return [sysroot, image, modules, headers, btf, config].some((value) => value !== undefined);
}

/** Where to look for kernels, and what their files may make ikfs do. */
export interface Sources extends SourceRequest {
  readonly limits: Limits;
}

/**
 * Where to look for kernels: in the sysroot given and the files given; in the running system when neither is.
 * @param images more of them, from operands
 * @throws IkfsError `not-found`, `wrong-kind`, `denied` for a sysroot that is none, `usage` for a limit that is none
 *   and for --headers archive|btf, which takeHeaderChoice takes out where it has a meaning
 */
export function sourcesOf(values: OptionValues, images: readonly string[] = []): Sources {
  const { sysroot } = values;
  refuseHeaderChoice(values);
  if (sysroot !== undefined) checkDirectory(sysroot);
  const absolute = (paths: readonly string[] = []): string[] => paths.map((path) => resolve(path));
  const running = !namesSources(values) && images.length === 0 ? '/' : undefined;
  return {
    sysroot: sysroot === undefined ? running : resolve(sysroot),
    images: absolute([...(values.image ?? []), ...images]),
    modules: absolute(values.modules),
    headers: absolute(values.headers),
    btf: absolute(values.btf),
    configs: absolute(values.config),
    release: values.release,
    limits: limitsOf(values.limit),
  };
}

function checkDirectory(path: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw asIkfsError(error, { path, step: '--sysroot' });
  }
  if (!isDirectory) throw new IkfsError('wrong-kind', 'is not a directory', { path, steps: ['--sysroot'] });
}
