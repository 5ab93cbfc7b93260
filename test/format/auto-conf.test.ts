import test from 'ava';
import { autoConf } from '../../src/format/auto-conf.ts';

const heading = (version: string): string =>
  `#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 ${version} Kernel Configuration\n#\n`;

const options = String.raw`CONFIG_CC_VERSION_TEXT="gcc \"12\" a\\b"
# CONFIG_NOT is not set

#
# General setup
#
CONFIG_A=y
CONFIG_B=m
CONFIG_EMPTY=""
CONFIG_HEX=0xdead
`;

test('from Linux 5.17 on strings have no quotes', (t) => {
  const expected = String.raw`CONFIG_CC_VERSION_TEXT=gcc "12" a\b
CONFIG_A=y
CONFIG_B=m
CONFIG_EMPTY=
CONFIG_HEX=0xdead
`;
  for (const version of ['5.17.0', '6.1.192', '10.2'])
    t.is(autoConf(heading(version) + options, version), heading(version) + expected);
});

test('up to Linux 5.16, and where the version is not known, they are as in .config', (t) => {
  const expected = options.split('\n').filter((line) => line.startsWith('CONFIG_'));
  for (const version of ['4.19.0', '5.4.1', '5.16.20'])
    t.is(autoConf(heading(version) + options, version), `${heading(version)}${expected.join('\n')}\n`);
  t.is(autoConf('CONFIG_A="b"\n', undefined), 'CONFIG_A="b"\n');
});
