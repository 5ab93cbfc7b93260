/* The words behind `-o` of mount(8) and in fstab, and what each means for ikfs. */
import { IkfsError } from '../src/errors.ts';
import { mount } from './commands/mount.ts';
import { specOf } from './options.ts';
import type { OptionName } from './options.ts';

/** What becomes of a word behind `-o` that is no option of `ikfs mount`. */
type Meaning =
  /** Nothing has to be done: see the reason. */
  | { readonly effect: 'none'; readonly why: string }
  /** `ikfs mount` gets this. */
  | { readonly effect: 'argument'; readonly argument: string }
  /** The mount is restricted by it once it is there, with `mount -o remount,bind`. */
  | { readonly effect: 'restriction' }
  /** It can not be had. */
  | { readonly effect: 'refused'; readonly why: string };

const forMount = 'of concern to mount(8), fstab or systemd only';
const always = 'an ikfs mount is always so';
const owners = "all files are root's and may be read by all";
const times = 'no times of access are kept';

function none(why: string, names: string): readonly (readonly [string, Meaning])[] {
  return names.split(' ').map((name) => [name, { effect: 'none', why }]);
}

/**
 * By name, without a value. mount(8) itself hands over `rw` or `ro`, whatever of its own options is in the
 * command line or fstab, and those of file systems, which many write down from habit.
 */
export const mountWords: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...none(
    forMount,
    'defaults auto noauto user nouser users nousers owner noowner group nogroup nofail _netdev comment',
  ),
  ...none(always, 'ro nosuid nodev default_permissions'),
  ...none('the tree is read-only all the same', 'rw'),
  ...none('programs may be run, which is the usual', 'exec'),
  ...none('nothing is written, so nothing waits to be', 'async sync dirsync lazytime nolazytime silent loud'),
  ...none(times, 'atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime'),
  ...none(owners, 'uid gid umask fmask dmask mode'),
  ['allow_other', { effect: 'argument', argument: '--allow-other' }],
  ['noallow_other', { effect: 'argument', argument: '--no-allow-other' }],
  ['noexec', { effect: 'restriction' }],
  ['nosymfollow', { effect: 'restriction' }],
  ['suid', { effect: 'refused', why: 'an ikfs mount is always nosuid' }],
  ['dev', { effect: 'refused', why: 'an ikfs mount is always nodev' }],
  ['remount', { effect: 'refused', why: 'unmount and mount again; SIGHUP makes the daemon look again' }],
  ['allow_root', { effect: 'refused', why: 'there is allow_other, and noallow_other' }],
  ...['background', 'json', 'help', 'verbose'].map((name): [string, Meaning] => [
    name,
    { effect: 'refused', why: 'an option of `ikfs mount` that does not go with mount(8)' },
  ]),
]);

/** Words that begin like this are for others: systemd.mount(5), mount(8). */
const otherPrefixes = ['x-', 'X-'];

/** What `-o` comes to. */
export interface MountWords {
  /** For `ikfs mount`. */
  readonly args: readonly string[];
  /** For `mount -o remount,bind` afterwards. */
  readonly restrictions: readonly string[];
  /** Those that nobody knows. */
  readonly unknown: readonly string[];
}

/**
 * Takes apart what follows `-o`. Every option of `ikfs mount` is known by its name (`cache-size=512`, `no-cache`),
 * and so is what stands in `mountWords`.
 * @throws IkfsError `usage` for what is refused, and for a value that is missing or too many
 */
export function mountWordsOf(text: string): MountWords {
  const args: string[] = [];
  const restrictions: string[] = [];
  const unknown: string[] = [];
  for (const { name, value } of wordsOf(text)) {
    const meaning = mountWords.get(name);
    if (otherPrefixes.some((prefix) => name.startsWith(prefix))) continue;
    if (!meaning) {
      const argument = argumentOf(name, value);
      if (argument === undefined) unknown.push(name);
      else args.push(argument);
      continue;
    }
    switch (meaning.effect) {
      case 'none':
        break;
      case 'argument':
        args.push(meaning.argument);
        break;
      case 'restriction':
        restrictions.push(name);
        break;
      case 'refused':
        throw new IkfsError('usage', `option '${name}' can not be had: ${meaning.why}`);
    }
  }
  return { args, restrictions, unknown };
}

/** A word as `ikfs mount` takes it, or undefined when it has no such option. */
function argumentOf(word: string, value: string | undefined): string | undefined {
  const isNegated = word.startsWith('no-');
  const found = mount.options.find((each) => each === (isNegated ? word.slice('no-'.length) : word));
  if (found === undefined || !allows(found, isNegated)) return undefined;
  const takesValue = specOf(found).type === 'string';
  if (takesValue === (value !== undefined)) return `--${word}${value === undefined ? '' : `=${value}`}`;
  throw new IkfsError('usage', `option '${word}' ${takesValue ? 'needs a value' : 'takes no value'}`);
}

function allows(name: OptionName, isNegated: boolean): boolean {
  return !isNegated || specOf(name).negatable === true;
}

/** Splits at commas, but for those between double quotes, which are dropped, as mount(8) has it. */
function wordsOf(text: string): { readonly name: string; readonly value: string | undefined }[] {
  const words = text.match(/(?:"[^"]*"|[^",]|")+/g) ?? [];
  return words.map((word) => {
    const plain = word.replaceAll('"', '');
    const at = plain.indexOf('=');
    return at < 0
      ? { name: plain, value: undefined }
      : { name: plain.slice(0, at), value: plain.slice(at + 1) };
  });
}
