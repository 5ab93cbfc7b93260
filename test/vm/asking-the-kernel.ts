/* What the corpus' kernel makes of BTF, asked by loading a module that carries it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusRelease, sha256 } from '../real/truth.ts';
import { corpusRoot } from '../requirements.ts';
import { runInMachine } from './machine.ts';

/** A small module of the corpus that needs no other and does nothing when it is loaded. */
const carrier = { file: 'kernel/lib/crc-itu-t.ko', name: 'crc_itu_t' };

/**
 * Copies of one module of the corpus, each with other BTF, in a new folder.
 * @param candidates BTF by the names that the files get, without `.ko`
 */
export function writeCarriers(folder: string, candidates: ReadonlyMap<string, Buffer>): void {
  const module = join(corpusRoot(), 'lib', 'modules', corpusRelease, carrier.file);
  mkdirSync(folder);
  for (const [name, btf] of candidates) {
    const section = join(folder, 'section');
    writeFileSync(section, btf);
    execFileSync('objcopy', [`--update-section=.BTF=${section}`, module, join(folder, `${name}.ko`)]);
  }
}

/**
 * Loads each of these modules in the machine.
 * @param folder where writeCarriers() put them
 * @returns by name `taken`, or what the kernel logged
 * @throws Error when a module is loaded and the kernel shows other BTF of it, or it is refused for another reason
 */
export async function askKernel(
  folder: string,
  candidates: ReadonlyMap<string, Buffer>,
): Promise<Map<string, string>> {
  // Names go into the kernel's log before what it says of them; the console would be slow.
  const script = `
    dmesg -n 1
    for file in *.ko; do
      echo "trying $file" >/dev/kmsg
      insmod "$file" || continue
      echo "$file $(sha256sum </sys/kernel/btf/${carrier.name})"
      rmmod ${carrier.name}
    done
    dmesg`;
  const { output, complaints } = await runInMachine(script, { folder });
  const shown = new Map(
    [...output.matchAll(/^(\S+)\.ko ([0-9a-f]{64}) /gm)].map(([, name = '', sum = '']) => [name, sum]),
  );
  const log = output.split(/\] trying (\S+)\.ko$/m);
  return new Map(
    [...candidates].map(([name, btf]) => {
      const said = log[log.indexOf(name) + 1] ?? '';
      const refused = /failed to validate module.*/.exec(said)?.[0];
      if (refused === undefined && shown.get(name) !== sha256(btf))
        throw new Error(`${name}: neither taken nor refused: ${said}${complaints}`);
      return [name, refused ?? 'taken'];
    }),
  );
}
