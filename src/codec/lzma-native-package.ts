import type * as LzmaNative from 'lzma-native';
import { IkfsError } from '../errors.ts';

/**
 * Loads the package lzma-native when it is first needed: where it does not load, ikfs runs without.
 * @param purpose what can not be done with xz without it: `decode`
 * @param advice what the user can do
 * @throws IkfsError `unavailable`
 */
export async function loadLzmaNative(purpose: string, advice: string): Promise<typeof LzmaNative> {
  try {
    return await import('lzma-native');
  } catch (error) {
    throw new IkfsError('unavailable', `can not ${purpose} xz: lzma-native can not be loaded here`, {
      advice,
      cause: error,
    });
  }
}
