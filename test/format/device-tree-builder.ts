/** A node to build; text gets its NUL, a number is one cell. */
export interface DeviceTreeNodeSpec {
  readonly name?: string;
  readonly properties?: Readonly<Record<string, string | number | Buffer>>;
  readonly children?: readonly DeviceTreeNodeSpec[];
}

/** Words of the structure block to put in place of the tree's own, and fields of the header. */
export interface DeviceTreeSpec {
  readonly structure?: Buffer;
  readonly version?: number;
  readonly compatible?: number;
  /** Bytes of free space behind the last block. */
  readonly free?: number;
}

/** Builds a flattened device tree: header, empty reservation block, structure block, strings block. */
export function buildDeviceTree(root: DeviceTreeNodeSpec, spec: DeviceTreeSpec = {}): Buffer {
  const names: string[] = [];
  const structure = spec.structure ?? Buffer.concat([nodeBytes(root), word(9)]);
  const strings = Buffer.from(names.map((name) => `${name}\0`).join(''));
  const structureAt = 56;
  const stringsAt = structureAt + structure.length;
  const size = stringsAt + strings.length + (spec.free ?? 0);
  const header = [0xd00dfeed, size, structureAt, stringsAt, 40, spec.version ?? 17, spec.compatible ?? 16, 0];
  return Buffer.concat([
    ...[...header, strings.length, structure.length].map(word),
    Buffer.alloc(16),
    structure,
    strings,
    Buffer.alloc(spec.free ?? 0),
  ]);

  function nodeBytes({ name = '', properties = {}, children = [] }: DeviceTreeNodeSpec): Buffer {
    return Buffer.concat([
      word(1),
      padded(Buffer.from(`${name}\0`)),
      ...Object.entries(properties).map(([key, value]) => propertyBytes(key, value)),
      ...children.map(nodeBytes),
      word(4),
      word(2),
    ]);
  }

  function propertyBytes(name: string, value: string | number | Buffer): Buffer {
    if (!names.includes(name)) names.push(name);
    const before = names.slice(0, names.indexOf(name)).reduce((sum, each) => sum + each.length + 1, 0);
    const bytes =
      typeof value === 'number' ? word(value) : Buffer.from(typeof value === 'string' ? `${value}\0` : value);
    return Buffer.concat([word(3), word(bytes.length), word(before), padded(bytes)]);
  }
}

/** A word of the structure block. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
