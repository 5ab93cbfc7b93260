/* What `npm run install-service` puts where, for each way in which systems start services. */

/** Who starts services. `android` and the like are `none`: its files go into an image of the system. */
export type InitSystem = 'systemd' | 'openrc' | 'none';

/** A file that is installed. Paths of the system are absolute; with --root they are below it. */
export interface ServiceFile {
  /** In the folder systemd/ of the package; of those that are made here there is none. */
  readonly from?: string;
  readonly to: string;
  /** Permission bits. */
  readonly mode: number;
  /** Whether it is for the administrator to change: what is there stays there. */
  readonly isConfiguration?: true;
}

/** Where systemd looks for units that the administrator has installed (systemd.unit(5)). */
const unitFolder = '/usr/local/lib/systemd/system';

/** Where mount(8) looks for helpers; busybox's and toybox's do as well. */
export const mountHelper: ServiceFile = { to: '/sbin/mount.ikfs', mode: 0o755 };

/** Everything but mountHelper, which all systems get. */
export const serviceFiles: Readonly<Record<InitSystem, readonly ServiceFile[]>> = {
  systemd: [
    ...['ikfs.service', 'ikfs@.service'].map((name) => ({
      from: name,
      to: `${unitFolder}/${name}`,
      mode: 0o644,
    })),
    { from: 'tmpfiles.conf', to: '/usr/local/lib/tmpfiles.d/ikfs.conf', mode: 0o644 },
    { from: 'ikfs.default', to: '/etc/default/ikfs', mode: 0o644, isConfiguration: true },
  ],
  openrc: [
    { from: 'openrc/ikfs', to: '/etc/init.d/ikfs', mode: 0o755 },
    { from: 'ikfs.default', to: '/etc/conf.d/ikfs', mode: 0o644, isConfiguration: true },
  ],
  none: [],
};

/** How ikfs is run: as a command of its own, or by an interpreter. */
export interface Program {
  /** Absolute paths without characters that need quoting: the command, or the interpreter and the script. */
  readonly ikfs: readonly string[];
  readonly mountHelper: readonly string[];
}

/** A file of systemd/ as it is installed: with the paths of this installation in place of a distribution's. */
export function withPaths(text: string, program: Program): string {
  return text.replaceAll('/usr/bin/ikfs', program.ikfs.join(' '));
}

/** mount.ikfs: mount(8) may be called without PATH, so it names its interpreter. */
export function mountHelperText(program: Program): string {
  return `#!/bin/sh\nexec ${program.mountHelper.join(' ')} "$@"\n`;
}
