import { native } from '../../src/native.ts';
import type { Need } from '../requirements.ts';

/**
 * What tests of the addon's decoders need: the addon, xz(1), and liblzma, which may have been missing when the
 * addon was built and then counts as a tool that is.
 */
export const decoding: readonly Need[] =
  native && !native.decoders.includes('xz') ? ['addon', 'tool:liblzma'] : ['addon', 'tool:xz'];
