import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/** A signature appended to a kernel module. */
export interface ModuleSignature extends ByteRange {
  /** Identifier type: 2 (PKCS#7) since Linux 4.3, the only one that the kernel still takes. */
  readonly idType: number;
  /** Public-key algorithm, hash, and lengths of signer's name and key identifier; all 0 with PKCS#7. */
  readonly algorithm: number;
  readonly hash: number;
  readonly signerLength: number;
  readonly keyIdLength: number;
}

/*
 * include/linux/module_signature.h. A signed module is: the ELF file; signer's name, key identifier and
 * signature; struct module_signature, whose last field is big-endian; the marker.
 */
const marker = Buffer.from('~Module signature appended~\n', 'latin1');
const structSize = 12;

/**
 * The signature at the end of a module.
 * @returns offset and size of the signature itself, in bytes; undefined for a module without
 * @throws IkfsError `corrupt` when the lengths do not fit the file
 */
export function findModuleSignature(source: ByteSource): ModuleSignature | undefined {
  const trailerSize = structSize + marker.length;
  if (source.size < trailerSize) return undefined;
  const trailerAt = source.size - trailerSize;
  const trailer = source.read(trailerAt, trailerSize);
  if (!trailer.subarray(structSize).equals(marker)) return undefined;
  const signature = {
    algorithm: trailer.readUInt8(0),
    hash: trailer.readUInt8(1),
    idType: trailer.readUInt8(2),
    signerLength: trailer.readUInt8(3),
    keyIdLength: trailer.readUInt8(4),
    size: trailer.readUInt32BE(8),
  };
  const offset = trailerAt - signature.size;
  if (offset - signature.signerLength - signature.keyIdLength < 0) {
    throw new IkfsError('corrupt', `signature of ${signature.size} bytes is longer than the module`, {
      path: source.name,
      offset: trailerAt + 8,
    });
  }
  return { ...signature, offset };
}

/**
 * Length in bytes of the ELF file in a module, without a signature behind it.
 * @throws IkfsError as findModuleSignature
 */
export function unsignedSize(source: ByteSource): number {
  const signature = findModuleSignature(source);
  return signature ? signature.offset - signature.signerLength - signature.keyIdLength : source.size;
}
