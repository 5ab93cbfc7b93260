import { parseBanner } from '../format/banner.ts';
import { livePaths, readLive } from '../source/live.ts';
import type { KernelContext } from './kernel-context.ts';
import { memoryContent } from './content.ts';
import { contentBytes } from './content-source.ts';
import { compilerText } from '../format/kernel-config.ts';
import { asIkfsError } from '../errors.ts';
import { firstOf } from './outcome.ts';
import type { Candidate, Outcome } from './outcome.ts';

/** `version`: the line that /proc/version shows on that kernel. */
export function makeVersion(kernel: KernelContext): Promise<Outcome> {
  return firstOf(
    bannerCandidates(kernel, (banner) => banner),
    asErrorOf,
  );
}

/** `compiler`: what built the kernel, from its banner, else from CC_VERSION_TEXT of its configuration. */
export function makeCompiler(kernel: KernelContext, config: () => Promise<Outcome>): Promise<Outcome> {
  const fromConfig: Candidate = {
    source: 'config',
    async ask() {
      const outcome = await config();
      if (outcome.state !== 'ready') return { missing: 'there is no configuration' };
      const compiler = compilerText((await contentBytes(outcome.content, 'config')).toString());
      if (compiler === undefined) return { missing: 'the configuration has no CONFIG_CC_VERSION_TEXT' };
      return {
        content: memoryContent(`${compiler}\n`),
        provenance: { ...outcome.provenance, derived: true },
      };
    },
  };
  const candidates = bannerCandidates(kernel, (banner) => parseBanner(banner)?.compiler);
  return firstOf([...candidates, fromConfig], asErrorOf);
}

/** Everybody who knows the banner, with the part of it that is wanted. */
function bannerCandidates(kernel: KernelContext, part: (banner: string) => string | undefined): Candidate[] {
  const answer = (banner: string | undefined, provenance: { source: string; modified: number }) => {
    const text = banner === undefined ? undefined : part(banner.trimEnd());
    if (text === undefined) return { missing: 'has no "Linux version" banner' };
    return { content: memoryContent(`${text}\n`), provenance: { ...provenance, steps: [], derived: false } };
  };
  const live: Candidate = {
    source: livePaths.version,
    ask: () => answer(readLive(livePaths.version)?.toString(), { source: livePaths.version, modified: 0 }),
  };
  const images = kernel.images.map((image): Candidate => ({
    source: image.path,
    ask: async () => {
      const { banner, steps } = await image.record();
      const found = answer(banner, { source: image.path, modified: image.modified() });
      return 'missing' in found ? found : { ...found, provenance: { ...found.provenance, steps } };
    },
  }));
  return kernel.sources.live ? [live, ...images] : images;
}

const asErrorOf = (thrown: unknown, source: string) => asIkfsError(thrown, { path: source });
