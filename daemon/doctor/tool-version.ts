import { spawn } from 'node:child_process';

/** How long a program may take to tell its version, in milliseconds. */
const patience = 5000;

/** What is read of what it says, in bytes. */
const mostText = 16 * 1024;

/** Tells the version of the program at a path, undefined when it can not be told. */
export type TellVersion = (path: string) => Promise<string | undefined>;

/** Programs of another system are not run. */
export const notRun: TellVersion = () => Promise.resolve(undefined);

/** Runs a program to hear what it says to `--version`: the first thing in it that looks like one. */
export const askForVersion: TellVersion = async (path) => {
  const said = await output(path);
  // After a blank, `v` or `-`: not the 64 of x86_64.
  return /(?:^|[\s(v-])(\d+\.\d[\w.]*)/m.exec(said)?.[1];
};

/** Both of its outputs; what there is of them by the end of patience. Never throws. */
function output(path: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(path, ['--version'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Variables that make it print otherwise, or load something else, are not its business here.
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LC_ALL: 'C' },
      timeout: patience,
      killSignal: 'SIGKILL',
    });
    let text = '';
    const take = (piece: Buffer): void => {
      if (text.length < mostText) text += piece.toString('latin1');
    };
    const end = (): void => {
      clearTimeout(timer);
      // What it has left behind may hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(text);
    };
    // What it has said meanwhile is read first.
    const timer = setTimeout(() => setImmediate(end), patience);
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', end);
    child.on('close', end);
  });
}
