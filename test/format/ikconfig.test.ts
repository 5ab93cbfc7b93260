import test from 'ava';
import { gzipSync } from 'node:zlib';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { findIkconfig } from '../../src/format/ikconfig.ts';
import { testWith } from '../requirements.ts';
import { errorCode } from './error-code.ts';
import { checksum, corpusKernel, corpusTruth } from './real-kernel.ts';

const config = gzipSync('CONFIG_IKCONFIG=y\n');
const source = (...parts: (Buffer | string)[]): MemorySource =>
  new MemorySource('vmlinux', Buffer.concat(parts.map((part) => Buffer.from(part))));

test('findIkconfig gives the gzip bytes between the markers', (t) => {
  const kernel = source('text', 'IKCFG_ST', config, 'IKCFG_ED', 'more');
  const range = findIkconfig(kernel);
  t.truthy(range);
  if (range) t.deepEqual(kernel.read(range.offset, range.size), config);
});

test('findIkconfig passes over markers without a gzip stream', (t) => {
  const kernel = source('IKCFG_ST\0IKCFG_ED\0', 'IKCFG_ST', config, 'IKCFG_ED');
  t.is(findIkconfig(kernel)?.size, config.length);
  t.is(findIkconfig(source('IKCFG_ST and IKCFG_ED')), undefined);
  t.is(findIkconfig(source('IKCFG_ST')), undefined);
  t.is(findIkconfig(source('')), undefined);
});

test('findIkconfig says when the end is missing', (t) => {
  t.is(
    errorCode(() => findIkconfig(source('IKCFG_ST', config))),
    'truncated',
  );
});

testWith(['corpus'])('findIkconfig gives what the kernel shows as /proc/config.gz', (t) => {
  const kernel = corpusKernel();
  const range = findIkconfig(kernel);
  t.truthy(range);
  if (range) t.deepEqual(checksum(kernel.read(range.offset, range.size)), corpusTruth()['config.gz']);
});
