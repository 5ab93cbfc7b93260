/* Tools of Debian trace real events of a kernel whose headers are nowhere but in kheaders.ko, and of one that has none. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { ikfs } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';
import { corpusRelease } from '../real/truth.ts';
import { testWith } from '../requirements.ts';
import { machineNeeds, runInMachine } from './machine.ts';

const needs = [...machineNeeds, 'addon', 'bcc', 'bpftrace', 'tool:execsnoop-bpfcc'] as const;

/** Seconds: each tracer compiles for a minute or two in emulation. */
const deadline = 1800;

for (const [headers, archive] of [
  ['build', 'there'],
  ['bpf-headers', 'taken'],
] as const) {
  testWith(needs).serial(
    `execsnoop, opensnoop, tcpconnect, biosnoop and bpftrace trace real events by ${headers}/`,
    async (t) => {
      t.timeout((deadline + 120) * 1000);
      const folder = temporaryFolder();
      t.teardown(folder.remove);
      const script = readFileSync(join(packageRoot, 'test', 'vm', 'tracing.sh'), 'utf8');
      const { output, complaints } = await runInMachine(
        `export ikfs='${process.execPath} ${ikfs}' headers=${headers}\n${script}`,
        { folder: folder.path, deadline },
      );
      t.log(output);
      t.notRegex(output, /^FAILED/m, complaints.slice(-2000));
      t.true(output.includes(`archive ${archive}\n`));
      t.true(output.includes(`headers /run/ikfs/${corpusRelease}/${headers}\n`));
      const seen = [...output.matchAll(/^ok (\w+):/gm)].map(([, name]) => name);
      t.deepEqual(seen, ['without', 'execsnoop', 'opensnoop', 'tcpconnect', 'biosnoop', 'bpftrace']);
      t.true(output.endsWith('the end\n'));
    },
  );
}
