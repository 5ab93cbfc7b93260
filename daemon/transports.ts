import { IkfsError } from '../src/errors.ts';
import { kernelTransport } from '../src/transport/kernel.ts';
import type { Transport } from '../src/transport/transport.ts';

/** The transports, the preferred one first; the other is loaded only when it is needed. */
const transports: readonly { readonly name: string; readonly load: () => Promise<Transport> }[] = [
  { name: kernelTransport.name, load: () => Promise.resolve(kernelTransport) },
  { name: 'fuse-native', load: async () => (await import('../src/transport/fuse-native.ts')).fuseNative },
];

/**
 * A transport that works here.
 * @param name as --transport has it; `auto` is the first that works
 * @throws IkfsError `unavailable` with what to do, `usage` for a name that is none
 */
export async function chooseTransport(name: string): Promise<Transport> {
  const candidates = name === 'auto' ? transports : transports.filter((each) => each.name === name);
  if (candidates.length === 0) throw new IkfsError('usage', `unknown transport '${name}'`);
  let reason = '';
  for (const { load } of candidates) {
    const transport = await load();
    const problem = await transport.unavailable();
    if (problem === undefined) return transport;
    reason ||= problem;
  }
  throw new IkfsError('unavailable', `can not mount here: ${reason.replace(/\.$/, '')}`, {
    advice: 'Without a mount, ikfs ls, cat and extract show the same tree',
  });
}
