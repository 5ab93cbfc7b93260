import { readFileSync, readlinkSync } from 'node:fs';

/*
 * A name for a process that no other of this machine has, before or after it:
 *
 *   BOOT-SPACE-PID-START
 *
 * the first digits of the boot's random id, the number of the PID namespace (pid_namespaces(7)), the process id in
 * that, and when the process was started, in clock ticks since the boot. What /proc does not tell is left empty.
 */
const form = /^([0-9a-f]*)-(\d*)-(\d+)-(\d*)(?:-|$)/;

/** The name of this process. */
export const thisProcess: string = [
  thisBoot(),
  thisSpace(),
  process.pid,
  stateOf('self')?.started ?? '',
].join('-');

/**
 * Whether the process of that name may still run. It does not when it belongs to an earlier boot, or when its id
 * is nobody's or another's by now. Of a process in another PID namespace, such as another container's, nobody can
 * tell before the next boot.
 * @param name what thisProcess was there, with anything behind a further `-`; any other text is no process
 */
export function mayRun(name: string): boolean {
  const [, boot, space, id, started] = form.exec(name) ?? [];
  if (id === undefined || differs(boot, thisBoot())) return false;
  if (differs(space, thisSpace())) return true;
  if (!exists(Number(id))) return false;
  const state = stateOf(id);
  return state === undefined || (state.runs && !differs(started, state.started));
}

/** Whether two facts are known and not the same. */
function differs(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== '' && other !== '' && one !== other;
}

/** Asks without a signal (kill(2)); another user's process is there as well. */
function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The beginning of /proc/sys/kernel/random/boot_id (random(4)). */
function thisBoot(): string {
  return textOf('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? '';
}

function thisSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    return '';
  }
}

/** Fields 3 and 22 of /proc/PID/stat (proc_pid_stat(5)): a process in state Z or X has ended. */
function stateOf(id: string): { readonly runs: boolean; readonly started: string } | undefined {
  const text = textOf(`/proc/${id}/stat`);
  // The second field is the program's name in brackets, with any characters in it.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const started = fields?.[19];
  return started === undefined ? undefined : { runs: !/^[ZX]/i.test(fields?.[0] ?? ''), started };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
