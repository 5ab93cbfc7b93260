import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { IkfsError, asIkfsError } from '../../src/errors.ts';
import { environmentInBackground, readyMark } from '../background.ts';
import { defaultMountpoint } from '../mountpoint.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { program, requireProgram } from './program.ts';

/**
 * Nothing of it is looked at from the daemon's side of the mount, which is gone from there once the command has it,
 * and a command is over before kernels come and go.
 */
const daemonOptions = ['--no-prefetch', '--no-watch', '--log-level', 'warning'];

/**
 * A mount for one command, with a daemon in the background, which ends with its mount. It is taken away from where
 * everybody sees it when the order is closed: by the command's side once it has a namespace of its own, where the mount
 * lives on; by `end`; or by the end of this process, whatever ended it (native/namespace/guard.h).
 */
export class OwnMount {
  /** Full path; made for this mount, and removed by its daemon at the end. */
  readonly mountpoint = join(dirname(defaultMountpoint()), `ikfs-exec-${process.pid}`);
  /** A descriptor. */
  readonly order: number;

  private constructor(order: number) {
    this.order = order;
  }

  /**
   * Mounts what the command line says.
   * @throws IkfsError `unavailable` when it does not mount, which the daemon has told on standard error
   */
  static async start(values: OptionValues): Promise<OwnMount> {
    const { reading, writing } = requireProgram().keeper.openPipe();
    const mount = new OwnMount(writing);
    try {
      if (await mount.#serve(values, reading)) return mount;
    } catch (error) {
      mount.end();
      throw asIkfsError(error, { path: program });
    } finally {
      closeSync(reading);
    }
    mount.end();
    throw new IkfsError('unavailable', 'could not be mounted for this command', { path: mount.mountpoint });
  }

  /** Starts the daemon. @returns whether it serves in the end */
  async #serve(values: OptionValues, reading: number): Promise<boolean> {
    const [script = ''] = process.argv.slice(1);
    const words = [...process.execArgv, script, 'mount', ...daemonOptions, ...givenSources(values)];
    const child = spawn(
      program,
      ['--guard', this.mountpoint, '3', '--', process.execPath, ...words, this.mountpoint],
      { stdio: ['ignore', 'pipe', 'pipe', reading], env: environmentInBackground() },
    );
    await once(child, 'spawn');
    const { stdout, stderr } = child;
    stderr?.pipe(process.stderr, { end: false });
    const ready = new Promise<boolean>((resolve) => {
      stdout?.on('data', (chunk: Buffer) => {
        if (chunk.includes(readyMark)) resolve(true);
      });
    });
    // Both are open as long as the daemon is.
    const streams = [stdout, stderr].filter((stream) => stream !== null);
    const ended = Promise.all(streams.map((stream) => once(stream, 'end')));
    const isReady = await Promise.race([ready, ended.then(() => false)]);
    // What it says from now on, nobody hears.
    stdout?.destroy();
    stderr?.destroy();
    return isReady;
  }

  /** Gives the order that nobody has taken over. */
  end(): void {
    closeSync(this.order);
  }
}

/** The options that say where kernels are, as they were given. */
function givenSources(values: OptionValues): string[] {
  return sourceOptions.flatMap((name) => {
    const value = values[name];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [`--${value ? '' : 'no-'}${name}`];
    return [value].flat().map((each) => `--${name}=${each}`);
  });
}
