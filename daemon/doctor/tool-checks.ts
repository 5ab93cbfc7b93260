import { join } from 'node:path';
import { graver, listed } from './finding.ts';
import type { Finding, FindingName, Severity } from './finding.ts';
import type { LookupResult } from './lookup-results.ts';
import type { Need } from './lookup-order.ts';
import { hasProgram } from './installed-tools.ts';
import { execFix, headersFix, option, toolNamed } from './subject.ts';
import type { Subject } from './subject.ts';
import { isBefore } from './system.ts';

/** What installed tools will find, and what keeps them from it. */
export function checkTools(subject: Subject, results: readonly LookupResult[]): Finding[] {
  return [
    ...checkHeaders(subject, results),
    ...(['btf', 'config', 'build-tree', 'symbols'] as const).flatMap((need) =>
      checkNeed(subject, results, need),
    ),
    ...checkVariables(results),
    ...checkUnpacking(subject, results),
  ];
}

function checkHeaders(subject: Subject, results: readonly LookupResult[]): Finding[] {
  const having = results.filter(
    ({ need, used, usesTemporary }) => need === 'headers' && used !== undefined && !usesTemporary,
  );
  const paths = [...new Set(having.map(({ used }) => used?.path ?? ''))].filter(
    (path) => path === subject.kernel.archive?.path || subject.system.isFile(join(path, kconfig)),
  );
  const good = paths.map((path): Finding => {
    const tools = having.filter(({ used }) => used?.path === path).map(({ tool }) => tool);
    return {
      name: 'headers-found',
      severity: 'good',
      what: `${listed(tools)} ${tools.length === 1 ? 'finds' : 'find'} headers at ${path}`,
      why: 'programs that include kernel headers compile',
      tools,
    };
  });
  return [...good, ...checkNeed(subject, results, 'headers')];
}

/** Without it no kernel header compiles; bpftrace takes a directory for headers that lacks it. */
const kconfig = 'include/linux/kconfig.h';

/** Those that find nothing of a kind, in one finding. */
function checkNeed(subject: Subject, results: readonly LookupResult[], need: Need): Finding[] {
  const lacking = results.filter((result) => result.need === need && result.used === undefined);
  if (lacking.length === 0) return [];
  const tools = lacking.map(({ tool }) => tool);
  const severity = lacking.map(({ gravity }) => gravity).reduce<Severity>(graver, 'good');
  const { name, thing, why, fix, advice } = describe(subject, need, tools);
  const whoFinds = `${listed(tools)} ${tools.length === 1 ? 'finds' : 'find'}`;
  return [
    {
      name,
      severity,
      what: `${whoFinds} ${thing}`,
      why,
      tools,
      ...(fix === undefined ? {} : { fix }),
      ...(advice === undefined ? {} : { advice }),
    },
  ];
}

interface Lack {
  readonly name: FindingName;
  readonly thing: string;
  readonly why: string;
  readonly fix?: string | undefined;
  readonly advice?: string | undefined;
}

function describe(subject: Subject, need: Need, tools: readonly string[]): Lack {
  const { supply } = subject;
  const when = (able: boolean, fix: string): string | undefined => (able ? fix : undefined);
  switch (need) {
    case 'headers':
      return {
        name: 'headers-not-found',
        thing: 'no kernel headers',
        why: reasons(tools, {
          bcc: 'bcc compiles every program with them',
          bpftrace: 'bpftrace compiles programs with them that include one, or name a type that BTF lacks',
        }),
        ...(headersFix(subject) ?? {
          advice: `ikfs has none either: ${reasonOf(subject)}. ${headersPackage(subject)}`,
        }),
      };
    case 'btf': {
      const serves = 'source' in supply.btf;
      return {
        name: 'btf-not-found',
        thing: 'no BTF of the kernel',
        why: 'CO-RE programs are not loaded without it, and types of the kernel are not known',
        fix: when(serves, execFix(subject)),
        advice: serves
          ? undefined
          : "ikfs has none either; give it a file with this kernel's BTF: --btf FILE",
      };
    }
    case 'config': {
      const serves = 'source' in supply.config;
      return {
        name: 'config-not-found',
        thing: 'no configuration of the kernel',
        why: 'CONFIG_ variables of CO-RE programs stay unset, and bpftool feature tells less',
        fix: when(serves, execFix(subject)),
        advice: serves ? undefined : 'A kernel built with CONFIG_IKCONFIG_PROC=y has it',
      };
    }
    case 'symbols':
      return {
        name: 'symbols-not-found',
        thing: 'no vmlinux with symbols',
        why: reasons(tools, {
          perf: 'perf knows functions by /proc/kallsyms only, without lines and variables',
          drgn: 'drgn knows no types, as it reads DWARF and no BTF',
        }),
        advice: "Install the kernel's debug symbols, or set up debuginfod",
      };
    case 'build-tree':
      return {
        name: 'build-tree-not-found',
        thing: 'no tree to build modules in',
        why: 'a Makefile and the programs of scripts/ are needed, which no header archive has, so ikfs has not either',
        advice: headersPackage(subject),
      };
  }
}

/** What is said of each of those tools. */
function reasons(tools: readonly string[], known: Readonly<Record<string, string>>): string {
  return tools.flatMap((tool) => known[tool] ?? []).join('; ');
}

/** Why ikfs has no headers, in a few words. */
function reasonOf({ kernel, supply }: Subject): string {
  if (supply.archive !== undefined) return `the archive in ${supply.archive.source} has links only`;
  const built = option(kernel, 'CONFIG_IKHEADERS');
  if (built === 'n') return 'CONFIG_IKHEADERS is not set';
  if (built === 'm') return 'kheaders.ko is not there';
  return 'missing' in supply.headers ? supply.headers.missing : 'its archive can not be used';
}

/** What a distribution's package with headers is called, by ID and ID_LIKE of os-release(5). */
const packages: readonly (readonly [RegExp, (release: string) => string])[] = [
  [/debian|ubuntu/, (release) => `apt install linux-headers-${release}`],
  [/fedora|rhel|centos/, (release) => `dnf install kernel-devel-${release}`],
  [/suse/, () => 'zypper install kernel-default-devel'],
  [/arch/, () => 'pacman -S linux-headers'],
  [/alpine/, () => 'apk add linux-lts-dev'],
];

function headersPackage({ system }: Subject): string {
  const text = system.read('/etc/os-release', 16_384)?.toString() ?? '';
  const ids = Array.from(text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm), ([, id]) => id).join(' ');
  const command = packages.find(([pattern]) => pattern.test(ids))?.[1](system.release);
  return command === undefined
    ? 'Install the headers of this very kernel, from whoever made it'
    : `If this is a kernel of the distribution: ${command}`;
}

function checkVariables(results: readonly LookupResult[]): Finding[] {
  return results.flatMap(({ tool, places }) =>
    places
      .filter(({ place, state }) => place.startsWith('$') && !place.startsWith('${') && state === 'unusable')
      .map(({ place, path = '' }): Finding => ({
        name: 'variable-leads-nowhere',
        severity: 'problem',
        what: `${place} is ${path}, which is not there`,
        why: `${tool} takes that path before all others`,
        tools: [tool],
        fix: `unset ${place.slice(1)}`,
      })),
  );
}

/** bpftraces that do not unpack the archive any more, and bccs that would and can not. */
function checkUnpacking(subject: Subject, results: readonly LookupResult[]): Finding[] {
  const { kernel, system } = subject;
  if (kernel.archive === undefined) return [];
  const findings: Finding[] = [];
  const fix = headersFix(subject) ?? {};
  const bpftrace = toolNamed(subject, 'bpftrace');
  const lacks = results.some(({ tool, need, used }) => tool === 'bpftrace' && need === 'headers' && !used);
  if (bpftrace && lacks && !isBefore(bpftrace.version, '0.20.4')) {
    findings.push({
      name: 'bpftrace-does-not-unpack',
      severity: 'note',
      what: `bpftrace${bpftrace.version === undefined ? '' : ` ${bpftrace.version}`} does not look into ${kernel.archive.path}`,
      why: 'it unpacked that archive until 0.20.3, into /tmp, and stopped because of CVE-2024-2313',
      tools: ['bpftrace'],
      ...fix,
    });
  }
  const bcc = results.find(({ tool, need }) => tool === 'bcc' && need === 'headers');
  const wanted = ['tar', 'xz', ...(kernel.archive.loaded ? [] : ['modprobe'])];
  const missing = wanted.filter((name) => !hasProgram(system, name));
  const folder = bcc?.places.find(({ path }) => path?.endsWith(`/kheaders-${system.release}`))?.path ?? '';
  const folderMissing = !system.isDirectory(folder.slice(0, folder.lastIndexOf('/')) || '/tmp');
  if (bcc?.used?.path === kernel.archive.path && (missing.length > 0 || folderMissing)) {
    const lack = [...missing, ...(folderMissing ? [folder.slice(0, folder.lastIndexOf('/'))] : [])];
    findings.push({
      name: 'archive-can-not-be-unpacked',
      severity: 'problem',
      what: `bcc can not unpack ${kernel.archive.path}: there is no ${listed(lack)}`,
      why: 'it has no other headers here, and runs these programs to get at them',
      tools: ['bcc'],
      ...fix,
    });
  }
  return findings;
}
