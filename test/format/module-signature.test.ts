import test from 'ava';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { elfEnd, parseElf } from '../../src/format/elf.ts';
import { findModuleSignature, unsignedSize } from '../../src/format/module-signature.ts';
import { debianRoot, testWith } from '../requirements.ts';
import { errorCode } from './error-code.ts';
import { modulePaths } from './real-kernel.ts';

const marker = '~Module signature appended~\n';

function signed(elf: string, signature: string, claimed = signature.length): MemorySource {
  const struct = Buffer.alloc(12);
  struct.writeUInt8(2, 2);
  struct.writeUInt32BE(claimed, 8);
  return new MemorySource('a.ko', Buffer.concat([Buffer.from(elf + signature), struct, Buffer.from(marker)]));
}

test('findModuleSignature gives the range of the signature', (t) => {
  const module = signed('ELF', 'signature');
  t.like(findModuleSignature(module), { offset: 3, size: 9, idType: 2, algorithm: 0 });
  t.is(unsignedSize(module), 3);
});

test('unsignedSize is the whole of a module without signature', (t) => {
  for (const text of ['', 'ELF', marker, `${marker} `.repeat(3)]) {
    const module = new MemorySource('a.ko', Buffer.from(text));
    t.is(findModuleSignature(module), undefined);
    t.is(unsignedSize(module), module.size);
  }
});

test('findModuleSignature refuses a length that does not fit', (t) => {
  t.is(
    errorCode(() => findModuleSignature(signed('ELF', 'sig', 7))),
    'corrupt',
  );
  t.is(
    errorCode(() => findModuleSignature(signed('ELF', 'sig', 0xffffffff))),
    'corrupt',
  );
});

testWith(['debian'])("Debian's modules are ELF files with 681 bytes of signature behind", (t) => {
  for (const path of modulePaths(debianRoot('6.1-cloud')).slice(0, 40)) {
    const module = new MemorySource(path, readFileSync(path));
    t.like(findModuleSignature(module), { size: 681, idType: 2 });
    t.is(unsignedSize(module), elfEnd(parseElf(module)));
  }
});
