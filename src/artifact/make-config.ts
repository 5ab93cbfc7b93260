import { gunzipSync, gzipSync } from 'node:zlib';
import { FileSource } from '../bytes/file-source.ts';
import type { Limits } from '../bytes/limits.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { configFromAutoconf } from '../format/autoconf.ts';
import { findIkconfig } from '../format/ikconfig.ts';
import { configuredVersion } from '../format/kernel-config.ts';
import { livePaths, readLive } from '../source/live.ts';
import { readModule } from '../source/module.ts';
import { withModule } from './input-file.ts';
import { memoryContent } from './content.ts';
import { contentBytes } from './content-source.ts';
import type { HeaderTree } from './header-tree.ts';
import type { KernelContext } from './kernel-context.ts';
import { firstOf } from './outcome.ts';
import type { Answer, Candidate, Outcome } from './outcome.ts';

/** A kernel's configuration in its two forms. */
export interface ConfigOutcome {
  readonly text: Outcome;
  readonly gzip: Outcome;
}

/**
 * `config` and `config.gz`: the embedded bytes where the kernel carries them, else the file beside the
 * kernel, else what the headers' autoconf.h says.
 */
export async function makeConfig(
  kernel: KernelContext,
  headerTree: () => Promise<HeaderTree | undefined>,
): Promise<ConfigOutcome> {
  const { sources, workshop } = kernel;
  const candidates: Candidate[] = [
    ...sources.given.configs.map(fileCandidate),
    ...(sources.live ? livePaths.config.map(liveCandidate) : []),
    ...kernel.images.map((image) => ({ source: image.path, ask: () => image.part('config') })),
    ...moduleCandidate(kernel),
    ...sources.configs.map(fileCandidate),
    { source: 'include/generated/autoconf.h', ask: () => fromAutoconf(kernel, headerTree) },
  ];
  const outcome = await firstOf(candidates, (thrown, source) => asIkfsError(thrown, { path: source }));
  if (outcome.state !== 'ready') return { text: outcome, gzip: outcome };
  const { provenance } = outcome;
  const bytes = await contentBytes(outcome.content, provenance.source);
  const isGzip = bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = isGzip ? unpack(bytes, provenance.source, workshop.limits) : bytes;
  compareVersion(kernel, text.toString(), provenance.source);
  return {
    text: isGzip ? { ...outcome, content: memoryContent(text) } : outcome,
    gzip: isGzip
      ? outcome
      : { ...outcome, content: memoryContent(gzipSync(bytes)), provenance: { ...provenance, derived: true } },
  };
}

function fileCandidate(path: string): Candidate {
  return {
    source: path,
    ask() {
      const file = FileSource.open(path);
      file.close();
      return {
        content: { kind: 'file', path, offset: 0, size: file.size, identity: file.identity },
        provenance: { source: path, steps: [], derived: false, modified: file.modified },
      };
    },
  };
}

function liveCandidate(path: string): Candidate {
  return {
    source: path,
    ask() {
      const bytes = readLive(path);
      if (!bytes) return { missing: 'not there (CONFIG_IKCONFIG_PROC is off)' };
      return {
        content: memoryContent(bytes),
        provenance: { source: path, steps: [], derived: false, modified: 0 },
      };
    },
  };
}

/** configs.ko, which carries the same marked bytes where IKCONFIG is a module. */
function moduleCandidate(kernel: KernelContext): Candidate[] {
  const entry = kernel.modules().modules.get('configs');
  if (!entry) return [];
  return [
    {
      source: entry.path,
      ask: () =>
        withModule(entry, kernel, async (file): Promise<Answer> => {
          const { bytes } = await readModule(file.bytes, kernel.workshop.limits);
          const range = findIkconfig(bytes);
          if (!range) return { missing: 'has no IKCFG_ST marker' };
          return {
            content: memoryContent(Buffer.from(bytes.read(range.offset, range.size))),
            provenance: file.provenance,
          };
        }),
    },
  ];
}

async function fromAutoconf(
  kernel: KernelContext,
  headerTree: () => Promise<HeaderTree | undefined>,
): Promise<Answer> {
  const tree = await headerTree();
  if (!tree) return { missing: 'there is no header archive' };
  const autoconf = await tree.readFile('include/generated/autoconf.h');
  if (!autoconf) return { missing: 'the header archive has no autoconf.h' };
  const text = configFromAutoconf(autoconf.toString(), { release: kernel.release });
  return { content: memoryContent(text), provenance: { ...tree.provenance, derived: true } };
}

function unpack(bytes: Buffer, source: string, limits: Limits): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: limits.configBytes });
  } catch (error) {
    throw new IkfsError('corrupt', 'the embedded configuration does not decompress', {
      path: source,
      steps: ['config.gz'],
      cause: error,
    });
  }
}

/**
 * The configuration names the upstream version, of which a release may show less: Debian's 6.1.192 calls itself
 * 6.1.0-56-amd64. Version and patch level must agree.
 */
function compareVersion(kernel: KernelContext, text: string, source: string): void {
  const version = configuredVersion(text);
  if (version !== undefined && series(version) !== series(kernel.release)) {
    kernel.findings.add(`config of ${source} says it is for ${version}, not for ${kernel.release}`);
  }
}

/** The first two numbers of a version or release. */
function series(version: string): string | undefined {
  return /^\d+\.\d+/.exec(version)?.[0];
}
