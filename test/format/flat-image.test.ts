import test from 'ava';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { elfMachines } from '../../src/format/elf-machine.ts';
import { isFlatImage, parseFlatImage } from '../../src/format/flat-image.ts';
import { testWithImage } from './architecture-image.ts';
import { errorCode } from './error-code.ts';
import { buildFlatImage } from './flat-image-builder.ts';
import { runTool } from './run-tool.ts';

const parse = (bytes: Buffer): ReturnType<typeof parseFlatImage> =>
  parseFlatImage(new MemorySource('Image', bytes));

test('parseFlatImage tells machine, byte order and size in memory', (t) => {
  for (const machine of ['arm64', 'riscv', 'loongarch'] as const) {
    const image = buildFlatImage(machine, { memorySize: 0x1230000n, loadOffset: 0x200000n });
    t.true(isFlatImage(image));
    const parsed = parse(image);
    t.is(parsed.machine, machine);
    t.true(
      elfMachines.some(({ name }) => name === parsed.machine),
      'the name is the one of ELF files',
    );
    t.is(parsed.order, 'little');
    t.is(parsed.memorySize, 0x1230000);
    t.is(parsed.loadOffset, 0x200000n);
  }
});

test('parseFlatImage knows big-endian kernels and page sizes of arm64', (t) => {
  const parsed = parse(buildFlatImage('arm64', { flags: 0b0111 }));
  t.is(parsed.order, 'big');
  t.is(parsed.pageSize, 65536);
  t.is(parse(buildFlatImage('arm64', { flags: 0b1010 })).pageSize, 4096);
  t.is(parse(buildFlatImage('arm64', { flags: 0 })).pageSize, undefined);
  t.is(parse(buildFlatImage('arm64', { memorySize: 0n })).memorySize, undefined);
});

test('parseFlatImage knows a RISC-V image by its older magic', (t) => {
  const image = buildFlatImage('riscv', {});
  image.writeUInt32LE(0, 0x38);
  t.is(parse(image).machine, 'riscv');
});

test('an x86 kernel with the magic of EFI kernels is no LoongArch kernel', (t) => {
  const image = buildFlatImage('loongarch', {});
  image.writeUInt16LE(0x8664, 0x44);
  t.false(isFlatImage(image));
  image.writeUInt32LE(0xfffffff0, 0x3c);
  t.false(isFlatImage(image));
});

test('parseFlatImage names what is wrong', (t) => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(4096), buildFlatImage('arm64', {}).subarray(0, 0x3f)]) {
    t.is(
      errorCode(() => parse(bytes)),
      'corrupt',
    );
  }
  t.is(
    errorCode(() => parse(buildFlatImage('arm64', { memorySize: 1n << 63n }))),
    'corrupt',
  );
});

for (const kernel of ['6.1-arm64', '6.12-arm64'] as const) {
  testWithImage(kernel, ['tool:file'])(
    `parseFlatImage says of Debian's ${kernel} kernel what file(1) says`,
    (t, { path }) => {
      const image = readFileSync(path);
      const parsed = parse(image);
      t.is(parsed.machine, 'arm64');
      const truth = runTool('file', ['-b', path]);
      t.true(truth.includes('ARM64 boot executable Image, little-endian, 4K pages'), truth);
      t.is(parsed.order, 'little');
      t.is(parsed.pageSize, 4096);
      t.true((parsed.memorySize ?? 0) >= image.length, 'with .bss it is larger in memory');
    },
  );
}
