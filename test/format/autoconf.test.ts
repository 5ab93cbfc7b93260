import test from 'ava';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { configFromAutoconf } from '../../src/format/autoconf.ts';
import { parseElf } from '../../src/format/elf.ts';
import { findHeaderSymbols } from '../../src/format/elf-header-archive.ts';
import { compilerText, configValue, configuredVersion } from '../../src/format/kernel-config.ts';
import { parseUtsRelease } from '../../src/format/utsrelease.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { errorCode } from './error-code.ts';
import { modulePaths } from './real-kernel.ts';

const autoconf = `
#define CONFIG_X86 1
#define CONFIG_SMP 1
#define CONFIG_NFS_FS_MODULE 1
#define CONFIG_HZ 250
#define CONFIG_DEFAULT_INIT ""
#define CONFIG_PHYSICAL_START 0x1000000
#define CONFIG_CC_VERSION_TEXT "gcc (Debian) \\"12\\""
#define OTHER 1
`;

test('configFromAutoconf turns definitions into options', (t) => {
  const lines = configFromAutoconf(autoconf, { release: '6.1.192-ik', machine: 'x86' }).split('\n');
  t.deepEqual(lines.slice(0, 4), [
    '#',
    '# Automatically generated file; DO NOT EDIT.',
    '# Linux/x86 6.1.192-ik Kernel Configuration',
    '#',
  ]);
  t.deepEqual(
    lines.filter((line) => line.startsWith('CONFIG')),
    [
      'CONFIG_X86=y',
      'CONFIG_SMP=y',
      'CONFIG_NFS_FS=m',
      'CONFIG_HZ=250',
      'CONFIG_DEFAULT_INIT=""',
      'CONFIG_PHYSICAL_START=0x1000000',
      'CONFIG_CC_VERSION_TEXT="gcc (Debian) \\"12\\""',
    ],
  );
  t.true(lines.some((line) => line.includes('ikfs')));
});

test('configFromAutoconf gives what the readers of a configuration understand', (t) => {
  const config = configFromAutoconf(autoconf, { release: '6.1.192-ik' });
  t.is(configuredVersion(config), '6.1.192-ik');
  t.true(config.includes('\n# Linux/x86 6.1.192-ik Kernel'));
  t.is(configValue(config, 'CONFIG_NFS_FS'), 'm');
  t.is(compilerText(config), 'gcc (Debian) "12"');
});

test('configFromAutoconf refuses a text without options', (t) => {
  t.is(
    errorCode(() => configFromAutoconf('<html>', { release: '6.1' })),
    'corrupt',
  );
});

testWith(['corpus', 'tool:xz', 'tool:tar'])(
  "a real archive's autoconf.h gives the real configuration back",
  (t) => {
    const path = modulePaths(corpusRoot()).find((each) => each.endsWith('/kheaders.ko'));
    const module = new MemorySource('kheaders.ko', readFileSync(path ?? ''));
    const range = findHeaderSymbols(module, parseElf(module));
    const archive = range && module.read(range.offset, range.size);
    const unpack = (name: string): string =>
      spawnSync('tar', ['-xJO', `./include/generated/${name}`], {
        input: archive,
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      }).stdout;
    t.is(parseUtsRelease(unpack('utsrelease.h')), '6.1.192-ik');

    const options = (text: string): Set<string> =>
      new Set(text.split('\n').filter((line) => line.startsWith('CONFIG')));
    const derived = options(
      configFromAutoconf(unpack('autoconf.h'), { release: '6.1.192-ik', machine: 'x86' }),
    );
    const real = options(readFileSync(join(corpusRoot(), 'boot', 'config-6.1.192-ik'), 'utf8'));
    const missing = [...real].filter((option) => !derived.has(option));
    const wrong = [...derived].filter((option) => !real.has(option));
    // The one integer that is 1: autoconf.h does not tell it from y.
    t.deepEqual(missing, ['CONFIG_COMPACT_UNEVICTABLE_DEFAULT=1']);
    t.deepEqual(wrong, ['CONFIG_COMPACT_UNEVICTABLE_DEFAULT=y']);
  },
);
