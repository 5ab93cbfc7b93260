import test from 'ava';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { findSection, sectionSource } from '../../src/format/elf.ts';
import { parseModinfo, releaseOf } from '../../src/format/modinfo.ts';
import { moduleNameOf } from '../../src/format/module-name.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { modulePaths } from './real-kernel.ts';

test('parseModinfo splits fields, with padding between them', (t) => {
  const info = parseModinfo(
    Buffer.from(
      'license=GPL\0\0\0alias=a\0alias=b\0depends=sunrpc,lockd\0name=nfs\0vermagic=6.1.0 SMP mod_unload \0',
    ),
  );
  t.is(info.name, 'nfs');
  t.is(info.vermagic, '6.1.0 SMP mod_unload ');
  t.deepEqual(info.depends, ['sunrpc', 'lockd']);
  t.deepEqual(info.fields.get('alias'), ['a', 'b']);
  t.is(releaseOf(info.vermagic ?? ''), '6.1.0');
});

test('parseModinfo does with what is there', (t) => {
  t.deepEqual(parseModinfo(Buffer.from('depends=\0')).depends, []);
  t.deepEqual(parseModinfo(Buffer.alloc(9)), {
    name: undefined,
    vermagic: undefined,
    depends: [],
    fields: new Map(),
  });
  const odd = parseModinfo(Buffer.from('no value\0=no key\0parm=a=b\0name=last'));
  t.deepEqual(
    [...odd.fields],
    [
      ['parm', ['a=b']],
      ['name', ['last']],
    ],
  );
});

test('releaseOf is the first word', (t) => {
  t.is(releaseOf('6.1.192-ik SMP preempt mod_unload '), '6.1.192-ik');
  t.is(releaseOf('6.1'), '6.1');
  t.is(releaseOf(''), undefined);
});

testWith(['corpus'])('parseModinfo names every module of a real kernel as its file does', (t) => {
  for (const path of modulePaths(corpusRoot())) {
    const file = new MemorySource(path, readFileSync(path));
    const found = findSection(file, '.modinfo');
    if (!found) return t.fail(path);
    const section = sectionSource(file, found.section);
    const info = parseModinfo(section.read(0, section.size));
    t.is(info.name, moduleNameOf(basename(path)));
    t.is(releaseOf(info.vermagic ?? ''), '6.1.192-ik');
  }
});
