/* Inputs for whole_tree.cc to begin with: indexes of small trees (src/format/tree-index.ts). */

const [file, directory, link] = [0, 1, 2];
const recordSize = 32;

const isDirectory = (node) => typeof node === 'object';

/** The index of a tree: an object is a directory of nodes by name, a number a file's size, text a link's target. */
function encode(tree, omitted = '') {
  const nodes = [{ name: '', node: tree }];
  for (const each of nodes) {
    each.firstChild = nodes.length;
    if (!isDirectory(each.node)) continue;
    const children = Object.entries(each.node).map(([name, node]) => ({ name, node }));
    nodes.push(...children.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))));
  }
  let pool = Buffer.alloc(0);
  const place = (text) => {
    const offset = pool.length;
    pool = Buffer.concat([pool, Buffer.from(text)]);
    return [offset, pool.length - offset];
  };
  const records = nodes.map(({ name, node, firstChild }, number) => {
    const record = Buffer.alloc(recordSize);
    const [kind, [where, amount], mode] = isDirectory(node)
      ? [directory, [firstChild, Object.keys(node).length], 0o755]
      : typeof node === 'string'
        ? [link, place(node), 0o777]
        : [file, [number * 512, node], 0o644];
    const [nameOffset, nameLength] = place(name);
    record.writeBigUInt64LE(BigInt(where), 0);
    record.writeBigUInt64LE(BigInt(amount), 8);
    record.writeUInt32LE(nameOffset, 16);
    record.writeUInt16LE(nameLength, 20);
    record.writeUInt16LE(mode, 22);
    record.writeUInt8(kind, 24);
    return record;
  });
  const header = Buffer.alloc(24);
  header.write('IKFSTRE1', 'latin1');
  [nodes.length, pool.length, omitted.length].forEach((length, index) =>
    header.writeUInt32LE(length, 8 + 4 * index),
  );
  return Buffer.concat([header, ...records, pool, Buffer.from(omitted)]);
}

/** The inputs: each index as it is, and for each way in which the target mends one. */
export function treeIndexes() {
  const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, i * 100]));
  const indexes = [
    encode({}),
    encode({ 'a.h': 10, link: 'a.h' }, 'up\0'),
    encode({ Kbuild: 100, arch: { arm: 'x86', x86: { 'ä.h': 7 } }, empty: {}, run: 0 }),
    encode({ a: { b: { c: { d: { e: { f: 1 } } } } }, b: { a: 1 } }),
    encode(wide),
    encode({ ['n'.repeat(255)]: 1, '...': 't'.repeat(300) }),
  ];
  return indexes.flatMap((index) => [0, 1, 3].map((mended) => Buffer.concat([Buffer.from([mended]), index])));
}
