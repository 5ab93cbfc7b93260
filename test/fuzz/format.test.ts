import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { ByteRange } from '../../src/bytes/byte-range.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import type { ByteSource } from '../../src/bytes/byte-source.ts';
import { configFromAutoconf } from '../../src/format/autoconf.ts';
import { findBanner, parseBanner } from '../../src/format/banner.ts';
import { findBtf, parseBtfHeader } from '../../src/format/btf.ts';
import { parseBzImage } from '../../src/format/bzimage.ts';
import { findLoadedExports } from '../../src/format/elf-loaded-exports.ts';
import { findModuleExports } from '../../src/format/elf-module-exports.ts';
import { findKernelExports } from '../../src/format/elf-vmlinux-exports.ts';
import { elfEnd, elfType, findSection, parseElf, sectionNamed, sectionSource } from '../../src/format/elf.ts';
import type { ExportedSymbol } from '../../src/format/elf-exports.ts';
import { findSymbols, symbolFileOffset } from '../../src/format/elf-symbols.ts';
import { findIkconfig } from '../../src/format/ikconfig.ts';
import { findHeaderSymbols } from '../../src/format/elf-header-archive.ts';
import { findHeaderMarkers, isHeaderArchiveStart, xzCandidates } from '../../src/format/ikheaders.ts';
import { compilerText, configValue, configuredVersion } from '../../src/format/kernel-config.ts';
import { parseModinfo, releaseOf } from '../../src/format/modinfo.ts';
import { isModuleFile, moduleNameOf, modulePathIn } from '../../src/format/module-name.ts';
import { findModuleSignature, unsignedSize } from '../../src/format/module-signature.ts';
import { symversLines } from '../../src/format/symvers.ts';
import { parseUtsRelease } from '../../src/format/utsrelease.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { buildBzImage } from '../format/bzimage-builder.ts';
import { buildElf } from '../format/elf-builder.ts';
import {
  flatWithExports,
  kernelWithExports,
  moduleWithExports,
  someExports,
} from '../format/exports-builder.ts';
import { firstImage, modulePaths } from '../format/real-kernel.ts';
import { corpusRoot, missing } from '../requirements.ts';
import { fuzz } from './fuzz.ts';

const source = (input: Buffer): MemorySource => new MemorySource('input', input);

/** Every range that a parser gives must be there to be read. */
function use(bytes: ByteSource, range: ByteRange | undefined): void {
  if (range) assert.equal(bytes.read(range.offset, range.size).length, range.size);
}

/** Real files, where the corpus is there; small ones, and the beginnings of large ones. */
const corpus = missing('corpus') === undefined;
const realModules = corpus
  ? modulePaths(corpusRoot())
      .map((path) => readFileSync(path))
      .sort((a, b) => a.length - b.length)
      .slice(0, 2)
  : [];
const realImage = corpus ? firstImage(corpusRoot()).bytes.subarray(0, 24 * 1024) : undefined;

const xzStart = Buffer.from('fd377a585a000004e6d6b446', 'hex');
const elves = [32, 64].flatMap((wide) =>
  (['little', 'big'] as const).map((order) =>
    buildElf({
      class: wide as 32 | 64,
      order,
      type: wide === 32 ? elfType.executable : elfType.relocatable,
      extendedNumbering: order === 'big',
      sections: [
        { name: '.rodata', content: xzStart, flags: 2 },
        { name: '.bss', type: 8, content: 100 },
        { name: '.BTF', content: buildBtf() },
      ],
      symbols: [
        { name: 'kernel_headers_data', value: 0n, section: '.rodata' },
        { name: 'kernel_headers_data_end', value: BigInt(xzStart.length), section: '.rodata' },
      ],
      segments: [{ type: 1, offset: 0, size: 64 }],
    }),
  ),
);

fuzz('elf', {
  seeds: [...elves, ...realModules],
  iterations: 8000,
  parse: (input) => {
    const bytes = source(input);
    const elf = parseElf(bytes);
    assert.ok(Number.isSafeInteger(elfEnd(elf)));
    assert.deepEqual(findSection(bytes, '.BTF')?.section, sectionNamed(elf, '.BTF'));
    for (const section of elf.sections) {
      const content = sectionSource(bytes, section);
      use(content, { offset: 0, size: content.size });
    }
  },
});

fuzz('elf-symbols', {
  seeds: [...elves, ...realModules],
  iterations: 8000,
  parse: (input) => {
    const bytes = source(input);
    const elf = parseElf(bytes);
    for (const symbol of findSymbols(bytes, elf, ['kernel_headers_data', 'init_module']).values()) {
      assert.ok(symbolFileOffset(elf, symbol) >= 0);
    }
    use(bytes, findHeaderSymbols(bytes, elf));
  },
});

/** Whatever a table of exports says: each line of Module.symvers has five fields, and is one line. */
function useExports(symbols: readonly ExportedSymbol[]): void {
  const lines = symversLines('a', symbols).split('\n');
  assert.equal(lines.length, symbols.length + 1);
  for (const line of lines.slice(0, -1))
    assert.match(line, /^0x[0-9a-f]{8}\t[^\t]+\ta\tEXPORT_[A-Z_]+\t[^\t]*$/);
}

const exported = someExports(20);
const kinds = [32, 64].flatMap((wide) =>
  (['little', 'big'] as const).map((order) => ({ class: wide as 32 | 64, order, symbols: exported })),
);

fuzz('exports of kernels', {
  seeds: kinds.flatMap((kind) => [
    kernelWithExports(kind),
    kernelWithExports({ ...kind, isRelative: false, hasFlags: true }),
    kernelWithExports({ ...kind, fields: 2, crcs: 'distances' }),
  ]),
  iterations: 8000,
  parse: (input) => {
    const bytes = source(input);
    const found = findKernelExports(bytes, parseElf(bytes));
    if ('symbols' in found) useExports(found.symbols);
  },
});

fuzz('exports of flat images', {
  seeds: [
    ...(['little', 'big'] as const).map((order) => flatWithExports({ order, symbols: exported }, 0)),
    flatWithExports({ hasFlags: true, symbols: exported }, 8),
  ],
  iterations: 8000,
  parse: (input) => {
    for (const order of ['little', 'big'] as const) useExports(findLoadedExports(source(input), order) ?? []);
  },
});

fuzz('exports of modules', {
  seeds: [
    ...kinds.flatMap((kind) => [
      moduleWithExports({ ...kind, crcs: 'words', hasFlags: true }),
      moduleWithExports({ ...kind, crcs: 'values' }),
      moduleWithExports({ ...kind, crcs: 'data' }),
    ]),
    ...realModules,
  ],
  iterations: 8000,
  parse: (input) => {
    useExports(findModuleExports(source(input)));
  },
});

fuzz('bzimage', {
  seeds: [
    buildBzImage({ payload: Buffer.from('kernel'), versionString: '6.1 (a@b) #1' }),
    ...(realImage ? [buildBzImage({ payload: realImage.subarray(0, 64), setupSectors: 4 })] : []),
  ],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const { payload, release, versionString } = parseBzImage(bytes);
    use(bytes, payload);
    assert.equal(release === undefined, versionString === undefined);
  },
});

const banner = 'Linux version 6.1.0 (a@b) (gcc (Debian) 12, ld (GNU) 2) #1 SMP\n\0';

fuzz('banner', {
  seeds: [Buffer.from(banner), Buffer.from(`Linux version %s\0${banner}`)],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const found = findBanner(bytes);
    use(bytes, found);
    if (found) assert.deepEqual(parseBanner(found.banner.text), found.banner);
    parseBanner(input.toString());
  },
});

const config = Buffer.concat([Buffer.from('IKCFG_ST'), gzipSync('CONFIG_A=y\n'), Buffer.from('IKCFG_ED')]);

fuzz('ikconfig', {
  seeds: [config, Buffer.concat([Buffer.from('IKCFG_ST\0IKCFG_ED'), config])],
  iterations: 20_000,
  parse: (input) => use(source(input), findIkconfig(source(input))),
});

const tarHead = Buffer.alloc(512);
tarHead.write('./');
tarHead.write('ustar  ', 257);
tarHead.write('001522\0 ', 148);

fuzz('ikheaders', {
  seeds: [Buffer.concat([Buffer.from('IKHD_ST'), xzStart, Buffer.from('data IKHD_ED')]), xzStart, tarHead],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    for (const offset of xzCandidates(bytes)) use(bytes, { offset, size: 12 });
    isHeaderArchiveStart(input);
    use(bytes, findHeaderMarkers(bytes));
  },
});

fuzz('modinfo', {
  seeds: [Buffer.from('license=GPL\0\0depends=a,b\0name=nfs\0vermagic=6.1.0 SMP \0')],
  iterations: 20_000,
  parse: (input) => {
    const { vermagic, depends, fields } = parseModinfo(input);
    if (vermagic !== undefined) releaseOf(vermagic);
    assert.ok(!depends.includes('') && !fields.has(''));
  },
});

const signature = Buffer.from('~Module signature appended~\n');

fuzz('module-signature', {
  seeds: [
    Buffer.concat([Buffer.from('ELF signature'), Buffer.from('000002000000000000000009', 'hex'), signature]),
    Buffer.concat([
      Buffer.from('ELF name key signature'),
      Buffer.from('010201040300000000000009', 'hex'),
      signature,
    ]),
  ],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    use(bytes, findModuleSignature(bytes));
    use(bytes, { offset: 0, size: unsignedSize(bytes) });
  },
});

const btfs = (['little', 'big'] as const).flatMap((order) => [
  buildBtf({ order }),
  buildBtf({ order, strings: 'split\0' }),
  buildBtf({ order, layout: Buffer.alloc(8) }),
]);

fuzz('btf', {
  seeds: [...btfs, Buffer.concat(btfs)],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const found = findBtf(bytes);
    use(bytes, found);
    if (found) assert.equal(parseBtfHeader(bytes, found.offset).order, found.order);
    const { types, strings, layout, size } = parseBtfHeader(bytes);
    for (const range of [types, strings, layout, { offset: 0, size }]) use(bytes, range);
  },
});

fuzz('configurations and names', {
  seeds: [
    Buffer.from(
      '#define CONFIG_X86 1\n#define CONFIG_A_MODULE 1\n#define CONFIG_B "b"\n#define UTS_RELEASE "6.1"\n',
    ),
    Buffer.from(
      '# Linux/x86 6.1 Kernel Configuration\n#define CONFIG_A 1\nCONFIG_CC_VERSION_TEXT="\\"a\\""\n#define UTS_RELEASE "6.1"',
    ),
  ],
  iterations: 10_000,
  parse: (input) => {
    const text = input.toString();
    configValue(text, 'CONFIG_A');
    compilerText(text);
    configuredVersion(text);
    assert.equal(isModuleFile(text), moduleNameOf(text).length < text.length);
    assert.ok(modulePathIn(text).length <= text.length);
    configFromAutoconf(text, { release: '6.1' });
    parseUtsRelease(text);
  },
});
