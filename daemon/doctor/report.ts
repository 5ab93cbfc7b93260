import { counted } from '../format-size.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import { wrap } from '../wrap.ts';
import type { Examination } from './examine.ts';
import type { Finding, Severity } from './finding.ts';
import { lookups as knownLookups } from './lookup-order.ts';
import type { LookupResult } from './lookup-results.ts';
import { option } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Supplied } from './supply.ts';

/** No line of a report is longer, unless a name or a command in it is. */
const width = 100;

const untitled = [{ title: '' }, { title: '' }];

/** What was found, for people. @param inFull every place that a tool looks at, in its order */
export function formatReport({ subject, lookups, findings }: Examination, inFull: boolean): string {
  const { system } = subject;
  const title = `${printable(system.release === '' ? 'no kernel' : system.release)}${system.running ? '' : ` in ${printable(system.root.path)}`}`;
  const parts = inFull
    ? [`Kernel R is ${title}\n`, ...lookups.map((lookup) => formatPlaces(subject, lookup))]
    : [`Kernel ${title}\n${formatKernel(subject)}`, formatTools(subject, lookups)];
  return [
    ...parts,
    ...(findings.length > 0 ? [findings.map(formatFinding).join('')] : []),
    formatSum(findings),
  ].join('\n');
}

function formatKernel(subject: Subject): string {
  const { kernel, supply, mountpoint } = subject;
  const rows = [
    ['built by', kernel.compiler ?? 'not known'],
    ['headers', headersInside(subject)],
    ['configuration', kernel.config?.source ?? 'not shown'],
    ['BTF', kernel.btf ?? 'not shown'],
    ['of modules', moduleBtf(subject)],
    ['ikfs has', served(supply)],
    ['mounted', mountpoint ?? 'no'],
  ];
  return definitions(rows);
}

/** Two columns, the second wrapped. */
function definitions(rows: readonly (readonly string[])[]): string {
  const column = Math.max(...rows.map(([name = '']) => name.length));
  return formatTable(
    untitled,
    rows.flatMap(([name = '', text = '']) =>
      wrap(text, width - column - 4).map((line, at) => [at === 0 ? name : '', line]),
    ),
    '  ',
  );
}

function headersInside({ kernel }: Subject): string {
  if (kernel.archive) return `${kernel.archive.path}${kernel.archive.loaded ? '' : ' (not loaded)'}`;
  const built = option(kernel, 'CONFIG_IKHEADERS');
  if (built === undefined) return 'not shown';
  return built === 'n'
    ? 'none inside (CONFIG_IKHEADERS is not set)'
    : `inside (CONFIG_IKHEADERS=${built}), not shown`;
}

function moduleBtf({ kernel }: Subject): string {
  const built = option(kernel, 'CONFIG_DEBUG_INFO_BTF_MODULES');
  if (built === 'n') return 'none (CONFIG_DEBUG_INFO_BTF_MODULES is not set)';
  const loaded = `${counted(kernel.modulesWithBtf, 'loaded module')} with BTF`;
  if (built === undefined) return loaded;
  const allowed = option(kernel, 'CONFIG_MODULE_ALLOW_BTF_MISMATCH') === 'y';
  return `${loaded}; one that does not match is ${allowed ? 'loaded without it' : 'refused'}`;
}

function served({ headers, bpfHeaders, config, btf }: Subject['supply']): string {
  const having = (each: Supplied): boolean => 'source' in each;
  const made =
    !having(headers) && having(bpfHeaders)
      ? { 'headers for BPF programs (from BTF)': bpfHeaders }
      : { headers };
  const names = { ...made, configuration: config, BTF: btf };
  const entries = Object.entries(names);
  const has = entries.filter(([, each]) => having(each)).map(([name]) => name);
  const lacks = entries.filter(([, each]) => !having(each)).map(([name]) => name);
  return [
    has.length > 0 ? has.join(', ') : 'nothing',
    ...(lacks.length > 0 && has.length > 0 ? [`no ${lacks.join(', no ')}`] : []),
  ].join('; ');
}

const needs: Readonly<Record<LookupResult['need'], string>> = {
  headers: 'headers',
  btf: 'BTF',
  config: 'configuration',
  symbols: 'vmlinux',
  'build-tree': 'build tree',
};

function formatTools({ tools, compilers }: Subject, results: readonly LookupResult[]): string {
  if (tools.length === 0) return 'Tools\n  none of those that ikfs knows is installed\n';
  const rows = tools.flatMap(({ name, version, llvm }) => {
    const own = results.filter(({ tool }) => tool === name);
    const clang = llvm === undefined ? '' : `, clang ${llvm}`;
    return own.map((result, at) => [
      at === 0 ? `  ${name} ${version ?? ''}${clang}`.trimEnd() : '',
      needs[result.need],
      found(result),
    ]);
  });
  const others = compilers.map(({ name, version }) => [`  ${name} ${version ?? ''}`.trimEnd(), '', '']);
  const columns = [{ title: 'Tools' }, { title: 'look for' }, { title: 'and find' }];
  return `${formatTable(columns, [...rows, ...others])}  All places of one, in its order: ikfs doctor TOOL\n`;
}

function found({ used, places }: LookupResult): string {
  if (used === undefined) return `nothing in ${counted(places.length, 'place')}`;
  const rank = places.indexOf(used) + 1;
  return `${used.path ?? used.place}${rank > 1 ? `  (place ${rank} of ${places.length})` : ''}`;
}

function formatPlaces({ tools }: Subject, { tool, need, places, source }: LookupResult): string {
  const own = tools.find(({ name }) => name === tool);
  const version = own ? (own.version ?? '') : '(not installed)';
  const rows = places.map(({ place, state, path }, at) => [
    String(at + 1),
    place,
    // What a variable says, or what stands for what is unpacked, is not to be read from the place.
    place.startsWith('$') && path !== undefined && state !== 'not there' ? `${state}: ${path}` : state,
  ]);
  const columns = [{ title: '', align: 'right' as const }, { title: '' }, { title: '' }];
  const told = wrap(`According to ${source}`, width - 2).map((line) => `  ${line}\n`);
  return `${`${tool} ${version}`.trim()} looks for ${thingsLookedFor[need]}\n${formatTable(columns, rows, '  ')}${told.join('')}`;
}

const thingsLookedFor: Readonly<Record<LookupResult['need'], string>> = {
  headers: 'headers',
  btf: "the kernel's BTF",
  config: "the kernel's configuration",
  symbols: 'a vmlinux with symbols',
  'build-tree': 'a tree to build modules in',
};

const marks: Readonly<Record<Severity, string>> = {
  problem: 'PROBLEM',
  warning: 'WARNING',
  note: 'note',
  good: 'good',
};

function formatFinding({ severity, what, why, fix, advice }: Finding): string {
  const mark = marks[severity].padEnd(9);
  const indent = ' '.repeat(mark.length);
  // Of what is well, the first line says enough.
  const reason = severity === 'good' ? [] : wrap(`${why}.`, width - mark.length);
  const advised = advice === undefined ? [] : wrap(`${advice}.`, width - mark.length);
  // A command stays on its line, to be copied.
  const command = fix === undefined ? [] : [`$ ${fix}`];
  const lines = [...wrap(what, width - mark.length), ...reason, ...advised, ...command];
  return lines.map((line, at) => `${at === 0 ? mark : indent}${printable(line)}\n`).join('');
}

function formatSum(findings: readonly Finding[]): string {
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems + warnings === 0) return 'Nothing is wrong.\n';
  return `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}.\n`;
}

/** The same for programs: all that was seen, with stable names. */
export function reportJson({ subject, lookups, findings }: Examination): unknown {
  const { system, kernel, supply, tools, compilers, mountpoint } = subject;
  const { headers, bpfHeaders, config, btf, archive } = supply;
  return {
    root: system.root.path,
    release: system.release,
    running: system.running,
    kernel: {
      compiler: kernel.compiler ?? null,
      config: kernel.config?.source ?? null,
      btf: kernel.btf ?? null,
      modulesWithBtf: kernel.modulesWithBtf,
      archive: kernel.archive ?? null,
      options: Object.fromEntries(options.map((name) => [name, option(kernel, name) ?? null])),
    },
    ikfs: { mountpoint: mountpoint ?? null, headers, bpfHeaders, config, btf, archive: archive ?? null },
    tools: tools.map(({ name, path, version, llvm }) => ({
      name,
      path,
      version: version ?? null,
      llvm: llvm ?? null,
    })),
    compilers: compilers.map(({ name, path, version }) => ({ name, path, version: version ?? null })),
    lookups: lookups.map(({ tool, need, places, used, source }) => ({
      tool,
      need,
      finds: used?.path ?? null,
      places,
      source,
    })),
    findings,
  };
}

/** Options of the kernel that decide what tools can do. */
const options = [
  'CONFIG_IKHEADERS',
  'CONFIG_IKCONFIG',
  'CONFIG_IKCONFIG_PROC',
  'CONFIG_DEBUG_INFO_BTF',
  'CONFIG_DEBUG_INFO_BTF_MODULES',
  'CONFIG_MODULE_ALLOW_BTF_MISMATCH',
  'CONFIG_CC_IS_CLANG',
];

/** The names of tools that can be asked about. */
export const toolNames: readonly string[] = [...new Set(knownLookups.map(({ tool }) => tool))];
