import type { Command } from '../command.ts';

/**
 * Every command by its name, in the order in which help lists them. Each is loaded when it is called: all of them
 * together are more than two hundred files, and reading those takes longer than most commands do.
 */
export const commandLoaders: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['mount', async () => (await import('./mount.ts')).mount],
  ['unmount', async () => (await import('./unmount.ts')).unmount],
  ['status', async () => (await import('./status.ts')).status],
  ['prefetch', async () => (await import('./prefetch.ts')).prefetch],
  ['info', async () => (await import('./info.ts')).info],
  ['ls', async () => (await import('./ls.ts')).ls],
  ['cat', async () => (await import('./cat.ts')).cat],
  ['extract', async () => (await import('./extract.ts')).extract],
  ['export', async () => (await import('./export.ts')).exportTree],
  ['modules', async () => (await import('./modules.ts')).modules],
  ['module-build', async () => (await import('./module-build.ts')).moduleBuild],
  ['doctor', async () => (await import('./doctor.ts')).doctor],
  ['env', async () => (await import('./env.ts')).env],
  ['exec', async () => (await import('./exec.ts')).exec],
  ['cache', async () => (await import('./cache.ts')).cache],
  ['completion', async () => (await import('./completion.ts')).completion],
  ['manual', async () => (await import('./manual.ts')).manual],
]);
