import { native } from '../src/native.ts';

/**
 * Ends the process after so many milliseconds as it is, whatever it is doing then. Where the addon is, that
 * comes about also when threads of this process hang.
 * @param status the exit status
 */
export function endProcess(status: number, milliseconds: number): void {
  if (native) native.endProcess(status, milliseconds);
  else setTimeout(() => process.exit(status), milliseconds).unref();
}
