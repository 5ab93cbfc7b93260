import { Btf } from '../btf/engine.ts';
import { withContent } from './content-source.ts';
import type { Outcome } from './outcome.ts';

/** How large a module's types are, in bytes: split on the kernel's, and with all of the kernel's that they need. */
export interface ModuleSize {
  readonly name: string;
  readonly split: number;
  readonly flat: number;
}

/** Modules looked at side by side. */
const atOnce = 8;

/**
 * The sizes of all modules that have BTF. Nothing of it is kept.
 * @param btfOf asks for `btf/<module>`
 * @param base the kernel's types
 * @param onModule told how far it has come
 * @throws IkfsError when a module does not go with the kernel
 */
export async function moduleSizes(
  names: readonly string[],
  btfOf: (name: string) => Promise<Outcome>,
  base: Btf,
  onModule: (done: number, all: number) => void,
): Promise<ModuleSize[]> {
  const sizes: ModuleSize[] = [];
  for (let start = 0; start < names.length; start += atOnce) {
    const some = names.slice(start, start + atOnce);
    const found = await Promise.all(
      some.map(async (name): Promise<ModuleSize | undefined> => {
        const outcome = await btfOf(name);
        if (outcome.state !== 'ready') return undefined;
        const { content, provenance } = outcome;
        const flat = await withContent(content, provenance.source, async (source) =>
          (await Btf.open(source, base)).flatSize(),
        );
        return { name, split: content.size, flat };
      }),
    );
    for (const size of found) if (size) sizes.push(size);
    onModule(Math.min(start + atOnce, names.length), names.length);
  }
  return sizes;
}
