import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isDeviceTree, parseDeviceTree } from '../../src/format/device-tree.ts';
import type { DeviceTree, DeviceTreeNode } from '../../src/format/device-tree.ts';
import { testWith } from '../requirements.ts';
import { CountingSource } from './counting-source.ts';
import { buildDeviceTree, word } from './device-tree-builder.ts';
import { assertRefusals } from './refusals.ts';
import { runTool, testFolder } from './run-tool.ts';

const parse = (bytes: Buffer): DeviceTree => parseDeviceTree(new MemorySource('dtb', bytes));

const tree = {
  properties: { model: 'a board', 'reg-size': 4 },
  children: [
    {
      name: 'soc',
      children: [{ name: 'serial@9000000', properties: { status: 'okay', empty: Buffer.alloc(0) } }],
    },
    { name: 'chosen' },
  ],
};

test('parseDeviceTree gives nodes in their order and where the values of properties lie', (t) => {
  const bytes = buildDeviceTree(tree, { free: 100 });
  t.true(isDeviceTree(bytes));
  const { root, size } = parse(bytes);
  t.is(size, bytes.length);
  t.is(root.name, '');
  t.deepEqual(
    root.children.map(({ name }) => name),
    ['soc', 'chosen'],
  );
  const serial = root.children[0]?.children[0] as DeviceTreeNode;
  t.is(serial.name, 'serial@9000000');
  t.is(valueOf(bytes, serial, 'status'), 'okay\0');
  t.is(valueOf(bytes, serial, 'empty'), '');
  t.is(valueOf(bytes, root, 'reg-size'), '\0\0\0\x04');
  t.is(serial.properties.get('model'), undefined);
});

test('parseDeviceTree does not read values', (t) => {
  const source = new CountingSource(
    'itb',
    buildDeviceTree({ properties: { data: Buffer.alloc(10_000_000), type: 'kernel' } }),
  );
  t.is(parseDeviceTree(source).root.properties.size, 2);
  t.true(source.bytes < 20_000, `${source.bytes} bytes were read`);
});

test('of two properties with one name the first counts, whatever the name', (t) => {
  const bytes = buildDeviceTree({ properties: { ['__proto__']: 'value' } });
  t.is(valueOf(bytes, parse(bytes).root, '__proto__'), 'value\0');
  const twice = Buffer.concat([word(1), word(0), property('a'), property('b'), word(2), word(9)]);
  const doubled = Buffer.concat([
    buildDeviceTree({ properties: { key: '' } }, { structure: twice }),
    Buffer.from('key\0'),
  ]);
  doubled.writeUInt32BE(doubled.length, 4);
  doubled.writeUInt32BE(4, 32);
  t.is(valueOf(doubled, parse(doubled).root, 'key'), 'a\0\0\0');
});

function property(value: string): Buffer {
  return Buffer.concat([word(3), word(4), word(0), Buffer.from(`${value}\0\0\0`)]);
}

function valueOf(bytes: Buffer, node: DeviceTreeNode, name: string): string | undefined {
  const range = node.properties.get(name);
  return range && bytes.toString('latin1', range.offset, range.offset + range.size);
}

test('parseDeviceTree names what is wrong', (t) => {
  const bytes = buildDeviceTree(tree);
  const structure = (...parts: Buffer[]): Buffer => buildDeviceTree({}, { structure: Buffer.concat(parts) });
  const open = Buffer.concat([word(1), word(0)]);
  assertRefusals(t, parse, [
    [Buffer.alloc(0), 'corrupt'],
    [bytes.subarray(0, 20), 'truncated'],
    [bytes.subarray(0, -1), 'truncated'],
    [buildDeviceTree(tree, { version: 3 }), 'unsupported'],
    [buildDeviceTree(tree, { compatible: 18 }), 'unsupported'],
    [structure(), 'truncated'],
    [structure(open), 'truncated'],
    [structure(open, word(2)), 'truncated'],
    [structure(word(9)), 'corrupt'],
    [structure(word(2)), 'corrupt'],
    [structure(open, word(2), open), 'corrupt'],
    [structure(open, word(9)), 'corrupt'],
    [structure(open, word(7)), 'corrupt'],
    [structure(word(1), Buffer.from('name')), 'corrupt'],
    [structure(open, word(3), word(0x7fffffff), word(0)), 'truncated'],
    [structure(open, word(3), word(0), word(5), word(2), word(9)), 'corrupt'],
    [structure(...Array.from({ length: 65 }, () => open)), 'limit'],
    [structure(Buffer.concat(Array.from({ length: 250_001 }, () => word(4)))), 'limit'],
  ]);
});

testWith(['tool:dtc', 'tool:fdtget'])('parseDeviceTree finds what fdtget finds in what dtc made', (t) => {
  const file = testFolder(t);
  writeFileSync(
    file('dts'),
    `/dts-v1/; / { model = "x"; a { empty; b@1 { reg = <1 2>; s = "one", "two"; }; }; c { d = [ab cd ef]; }; };`,
  );
  for (const version of ['16', '17']) {
    runTool('dtc', ['-q', '-V', version, '-O', 'dtb', '-o', file('dtb'), file('dts')]);
    const bytes = readFileSync(file('dtb'));
    const seen: string[] = [];
    walk(parse(bytes).root, '', (path, node) => {
      for (const [name, { offset, size }] of node.properties) {
        const truth = runTool('fdtget', ['-t', 'bx', file('dtb'), path === '' ? '/' : path, name]).trim();
        const value = [...bytes.subarray(offset, offset + size)].map((byte) => byte.toString(16)).join(' ');
        t.is(value, truth, `${path} ${name}`);
        seen.push(`${path}/${name}`);
      }
    });
    t.deepEqual(seen, ['/model', '/a/empty', '/a/b@1/reg', '/a/b@1/s', '/c/d']);
  }
});

function walk(node: DeviceTreeNode, path: string, visit: (path: string, node: DeviceTreeNode) => void): void {
  visit(path, node);
  for (const child of node.children) walk(child, `${path}/${child.name}`, visit);
}
