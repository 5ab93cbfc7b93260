import { closeSync, fstatSync, openSync, readdirSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { asIkfsError } from '../errors.ts';

const devicePath = '/dev/fuse';

/** Character device 10:229 (Documentation/admin-guide/devices.txt), as st_rdev has it. */
const deviceNumber = (10 << 8) | 229;

/** Why /dev/fuse cannot be opened, with what to do; undefined when it can. Opening may load the kernel module. */
export function fuseDeviceProblem(): string | undefined {
  try {
    closeSync(openSync(devicePath, 'r+'));
    return undefined;
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
        return `${devicePath} does not exist. Load the kernel module (modprobe fuse); a container needs --device ${devicePath} as well.`;
      case 'ENODEV':
      case 'ENXIO':
        return `the kernel has no FUSE (${devicePath} is there and nothing answers). Load the kernel module (modprobe fuse).`;
      case 'EACCES':
      case 'EPERM':
        return `${devicePath} may not be opened. Run as root; a container needs --device ${devicePath} --cap-add SYS_ADMIN.`;
      default:
        return `${devicePath}: ${asIkfsError(error).message}`;
    }
  }
}

/**
 * Whether a descriptor of this process is an open /dev/fuse. fstat(2) does not go through any path, so this
 * never touches a mount.
 */
export function isFuseDevice(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    return stats.isCharacterDevice() && stats.rdev === deviceNumber;
  } catch {
    return false;
  }
}

/** The descriptors of this process that are an open /dev/fuse: one for each live mount that it serves. */
export function openFuseDevices(): readonly number[] {
  return readdirSync('/proc/self/fd').map(Number).filter(isFuseDevice);
}

/** struct fuse_out_header, struct fuse_notify_inval_entry_out: sizes in bytes (include/uapi/linux/fuse.h). */
const headerSize = 16;
const invalidationSize = 16;
const notifyInvalEntry = 3;
const rootNodeId = 1n;

/**
 * Where notifications are written to. The device ignores it; but should libfuse have closed the descriptor
 * just now, its number may be another file's, and nobody has anything to lose out there.
 */
const farAway = Number.MAX_SAFE_INTEGER;

const writeDescriptor = promisify(write);

/**
 * Makes the kernel look a name in the root directory up anew, with FUSE_NOTIFY_INVAL_ENTRY. libfuse 2 keeps
 * its session to itself, but a notification is a plain write(2) to the device.
 *
 * The kernel waits for lookups in the root directory that are under way, so this must not be waited for by
 * what answers them; it takes up a thread of libuv's pool meanwhile. Resolves also when the kernel did not know
 * the name (ENOENT), or when the mount has ended.
 */
export async function forgetRootName(device: number, name: string): Promise<void> {
  if (!isFuseDevice(device)) return;
  const text = Buffer.from(`${name}\0`);
  const message = new ArrayBuffer(headerSize + invalidationSize + text.length);
  // The kernel reads its own byte order, which that of typed arrays is.
  const numbers = new Uint32Array(message, 0, (headerSize + invalidationSize) / 4);
  numbers[0] = message.byteLength;
  numbers[1] = notifyInvalEntry;
  new BigUint64Array(message, headerSize, 1)[0] = rootNodeId;
  numbers[6] = text.length - 1;
  const bytes = Buffer.from(message);
  text.copy(bytes, headerSize + invalidationSize);
  try {
    await writeDescriptor(device, bytes, 0, bytes.length, farAway);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENODEV' && code !== 'EBADF')
      throw asIkfsError(error, { path: devicePath });
  }
}
