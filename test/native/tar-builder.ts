import { spawnSync } from 'node:child_process';

/** Fields of a header block, as a tar program or an attacker would fill them. */
export interface TarFields {
  readonly name: string | Buffer;
  /** The type flag; '0' is a file. */
  readonly type?: string;
  readonly content?: Uint8Array;
  readonly target?: string | Buffer;
  readonly prefix?: string;
  /** Raw text of the mode field. */
  readonly mode?: string;
  /** Raw bytes of the size field, where it is not to be the content's length in octal. */
  readonly size?: string | Buffer;
  readonly magic?: string;
  /** Added to the right checksum. */
  readonly checksumError?: number;
}

export const posixMagic = 'ustar\x0000';
export const gnuMagic = 'ustar  \0';

const blockSize = 512;

function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize)]);
}

/** A header block and the content after it (pax(1), "ustar Interchange Format"). */
export function tarEntry(fields: TarFields): Buffer {
  const content = fields.content ?? Buffer.alloc(0);
  const block = Buffer.alloc(blockSize);
  const put = (offset: number, length: number, value: string | Buffer): void => {
    Buffer.from(value as string, 'utf8').copy(block, offset, 0, length);
  };
  put(0, 100, fields.name);
  put(100, 8, fields.mode ?? '0000644\0');
  put(108, 8, '0000000\0');
  put(116, 8, '0000000\0');
  put(124, 12, fields.size ?? `${content.length.toString(8).padStart(11, '0')}\0`);
  put(136, 12, '00000000000\0');
  put(156, 1, fields.type ?? '0');
  put(157, 100, fields.target ?? '');
  put(257, 8, fields.magic ?? posixMagic);
  put(345, 155, fields.prefix ?? '');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, fields.checksumError ?? 0);
  put(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return Buffer.concat([block, padded(content)]);
}

/** The record of a pax header for one keyword. */
export function paxRecord(keyword: string, value: string): string {
  const rest = Buffer.byteLength(` ${keyword}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length += 1;
  return `${length} ${keyword}=${value}\n`;
}

/** A whole archive of entries made by `tarEntry`, with the zeros that end it. */
export function tarArchive(...entries: readonly Buffer[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(2 * blockSize)]);
}

/** Runs a program that must succeed. @returns its standard output */
export function run(command: string, args: readonly string[], input?: Uint8Array, cwd?: string): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, cwd, maxBuffer: 2 ** 30 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.toString()}`);
  return stdout;
}

/** Compresses with xz(1). */
export function xz(bytes: Uint8Array, ...options: readonly string[]): Buffer {
  return run('xz', ['-c', ...options], bytes);
}
