/* An artifact that takes as long to make as a test wants: the BTF of a module, which a made-up pahole makes. */
import type { ExecutionContext } from 'ava';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildBtf } from '../format/btf-builder.ts';
import { moduleFile, writeFiles } from '../synthetic-kernel.ts';
import { folderOf } from './ikfs.ts';
import { release, systemOf } from './service.ts';

/** A system with a module called `slow`. */
export interface SlowModule {
  /** The system's root. */
  readonly system: string;
  /** What a daemon's environment needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Lets the making come to an end. */
  finish(): void;
}

/** @param t its end lets the making end as well */
export function slowModule(t: ExecutionContext): SlowModule {
  const tools = folderOf(t);
  const system = systemOf(t);
  const debug = { name: '.debug_info', content: Buffer.from('types') };
  writeFiles(system, { [`lib/modules/${release}/kernel/slow.ko`]: moduleFile('slow', release, [debug]) });
  writeFileSync(join(tools, 'made'), buildBtf());
  writeFileSync(
    join(tools, 'pahole'),
    `#!/bin/sh
if [ "$1" = --version ]; then echo v1.25; exit; fi
while [ -d '${tools}' ] && [ ! -e '${tools}/finish' ]; do sleep 0.02; done
cat '${tools}/made' > "\${1#--btf_encode_detached=}"
`,
  );
  chmodSync(join(tools, 'pahole'), 0o755);
  const finish = (): void => {
    writeFileSync(join(tools, 'finish'), '');
  };
  return { system, env: { PATH: `${tools}:${process.env['PATH'] ?? ''}` }, finish };
}
