/** Fields of a BTF header (Documentation/bpf/btf.rst) that may be set to what does not fit. */
export interface BtfSpec {
  readonly order?: 'little' | 'big';
  readonly types?: Buffer;
  readonly strings?: string;
  readonly version?: number;
  readonly flags?: number;
  readonly headerSize?: number;
  readonly typeOffset?: number;
  readonly stringOffset?: number;
  readonly stringSize?: number;
  /** Bytes of the layout section that newer pahole writes behind the types. */
  readonly layout?: Buffer;
}

/** One type: an int of 32 bits called `int`, the first string of the table. */
export function intType(order: 'little' | 'big'): Buffer {
  return words(order, [1, 1 << 24, 4, (1 << 24) | 32]);
}

/** Builds BTF: header, types, layout if there is one, strings. */
export function buildBtf(spec: BtfSpec = {}): Buffer {
  const order = spec.order ?? 'little';
  const types = spec.types ?? intType(order);
  const strings = Buffer.from(spec.strings ?? '\0int\0');
  const layout = spec.layout ?? Buffer.alloc(0);
  const headerSize = spec.headerSize ?? (spec.layout ? 32 : 24);
  const header = words(order, [
    0,
    headerSize,
    spec.typeOffset ?? 0,
    types.length,
    spec.stringOffset ?? types.length + layout.length,
    spec.stringSize ?? strings.length,
    ...(spec.layout ? [types.length, layout.length] : []),
  ]);
  (order === 'little' ? Buffer.from([0x9f, 0xeb]) : Buffer.from([0xeb, 0x9f])).copy(header);
  header.writeUInt8(spec.version ?? 1, 2);
  header.writeUInt8(spec.flags ?? 0, 3);
  return Buffer.concat([header, types, layout, strings]);
}

function words(order: 'little' | 'big', values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    if (order === 'little') bytes.writeUInt32LE(value, index * 4);
    else bytes.writeUInt32BE(value, index * 4);
  });
  return bytes;
}
