import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilerText, configValue, configuredVersion } from '../../src/format/kernel-config.ts';
import { corpusRoot, testWith } from '../requirements.ts';

const config = `#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 5.15.1 Kernel Configuration
#
CONFIG_CC_VERSION_TEXT="clang \\"custom\\" 17"
CONFIG_A_B=m
# CONFIG_NOT is not set
CONFIG_B=y
CONFIG_LAST="x"`;

test('configValue gives the value as written', (t) => {
  t.is(configValue(config, 'CONFIG_B'), 'y');
  t.is(configValue(config, 'CONFIG_A_B'), 'm');
  t.is(configValue(config, 'CONFIG_LAST'), '"x"');
  t.is(configValue(config, 'CONFIG_NOT'), undefined);
  t.is(configValue(config, 'B'), undefined);
  t.is(configValue('CONFIG_B=y\r\n', 'CONFIG_B'), 'y');
});

test('compilerText takes quotes and escapes off', (t) => {
  t.is(compilerText(config), 'clang "custom" 17');
  t.is(compilerText('CONFIG_B=y\n'), undefined);
  t.is(compilerText('CONFIG_CC_VERSION_TEXT=gcc\n'), undefined);
});

test('configuredVersion reads the title', (t) => {
  t.is(configuredVersion(config), '5.15.1');
  t.is(configuredVersion('CONFIG_B=y\n'), undefined);
});

testWith(['corpus'])('a real configuration names compiler and version', (t) => {
  const text = readFileSync(join(corpusRoot(), 'boot', 'config-6.1.192-ik'), 'utf8');
  t.is(compilerText(text), 'gcc (Debian 12.2.0-14+deb12u1) 12.2.0');
  t.is(configuredVersion(text), '6.1.192');
  t.is(configValue(text, 'CONFIG_IKHEADERS'), 'm');
});
