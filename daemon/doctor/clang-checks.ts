import { listed } from './finding.ts';
import type { Finding } from './finding.ts';
import type { InstalledTool } from './installed-tools.ts';
import { installed, option, pathAtMount, toolNamed } from './subject.ts';
import type { Subject } from './subject.ts';
import { servedHeaders } from './supply.ts';
import { byVersion, isBefore } from './system.ts';

/** Whether compilers go with the kernel's headers. */
export function checkCompilers(subject: Subject): Finding[] {
  return [
    ...checkClangAge(subject),
    ...checkHeadersForGcc(subject),
    ...checkMicrosoftExtensions(subject),
    ...checkBuilder(subject),
  ];
}

/**
 * What a kernel's headers ask of clang: `asm goto` on x86 since 4.17 (arch/x86/Makefile), which clang has since 9;
 * `asm inline` since 5.4 (include/linux/compiler_types.h), since clang 11.
 */
const demands = [
  { kernel: '4.17', clang: 9, severity: 'problem', what: 'asm goto' },
  { kernel: '5.4', clang: 11, severity: 'warning', what: 'asm inline' },
] as const;

function checkClangAge(subject: Subject): Finding[] {
  const users = subject.tools.filter(({ llvm }) => llvm !== undefined);
  return users.flatMap((tool) => {
    const { name, llvm = 0 } = tool;
    const demand = demands.find(
      ({ kernel, clang }) => llvm < clang && byVersion(subject.system.release, kernel) >= 0,
    );
    if (!demand) return [];
    return [
      {
        name: 'clang-too-old',
        severity: demand.severity,
        what: `${name} compiles with clang ${llvm}, which does not know ${demand.what}`,
        why: `headers of kernels from ${demand.kernel} on have it; only what ${name} works around compiles`,
        tools: [name],
        advice: `A ${name} built with clang ${demand.clang} or later`,
      } satisfies Finding,
    ];
  });
}

/** bcc defines CONFIG_CC_IS_CLANG since 0.35.0 (pull request 5293). */
function checkHeadersForGcc(subject: Subject): Finding[] {
  const bcc = toolNamed(subject, 'bcc');
  const builder = builderOf(subject);
  if (!bcc || !isBefore(bcc.version, '0.35.0') || builder?.kind !== 'gcc') return [];
  const breaks = subject.system.machine.startsWith('ppc');
  return [
    {
      name: 'clang-reads-headers-for-gcc',
      severity: breaks ? 'problem' : 'note',
      what: `bcc ${bcc.version ?? ''} reads headers of a kernel built by gcc as if clang were gcc`,
      why: breaks
        ? 'on PowerPC they then use constraints that clang refuses ("invalid output constraint \'=YZ<>\' in asm")'
        : 'CONFIG_CC_IS_CLANG is not defined before bcc 0.35.0; here that breaks few headers, on PowerPC most',
      tools: ['bcc'],
      advice: servedHeaders(subject.supply, 'archive')
        ? `BCC_KERNEL_SOURCE=${pathAtMount(subject, 'clang')}, whose headers say it, or bcc 0.35.0 or later`
        : 'bcc 0.35.0 or later, or cflags=["-DCONFIG_CC_IS_CLANG"] in the program',
    },
  ];
}

/** Kernels from 6.19 on are compiled with -fms-extensions, bcc does so since 0.37.0 (commit c3f35ecc). */
function checkMicrosoftExtensions(subject: Subject): Finding[] {
  const bcc = toolNamed(subject, 'bcc');
  if (!bcc || !isBefore(bcc.version, '0.37.0') || byVersion(subject.system.release, '6.19') < 0) return [];
  return [
    {
      name: 'headers-need-microsoft-extensions',
      severity: 'problem',
      what: `headers from 6.19 on need -fms-extensions, which bcc ${bcc.version ?? ''} does not give to clang`,
      why: 'unnamed members of a named structure type are not seen without it, and headers that use them do not compile',
      tools: ['bcc'],
      advice: 'bcc 0.37.0 or later, or cflags=["-fms-extensions"] in the program',
    },
  ];
}

/** A compiler with its major version. */
interface Compiler {
  readonly kind: 'gcc' | 'clang';
  readonly major: number | undefined;
}

/** What the kernel was built by, as its configuration and its banner tell. */
function builderOf({ kernel }: Subject): Compiler | undefined {
  const text = kernel.compiler ?? '';
  const isClang = option(kernel, 'CONFIG_CC_IS_CLANG') === 'y' || /\bclang version\b/.test(text);
  if (!isClang && option(kernel, 'CONFIG_CC_IS_GCC') !== 'y' && !/\bgcc\b/.test(text)) return undefined;
  // CONFIG_GCC_VERSION is 150300 for 15.3.0 (scripts/cc-version.sh).
  const configured = Number(option(kernel, isClang ? 'CONFIG_CLANG_VERSION' : 'CONFIG_GCC_VERSION'));
  const written = isClang
    ? /\bclang version (\d+)/.exec(text)?.[1]
    : (/\bgcc version (\d+)/.exec(text)?.[1] ?? /\bgcc\S* \([^)]*\) (\d+)/.exec(text)?.[1]);
  const major =
    configured > 0 ? Math.floor(configured / 10_000) : written === undefined ? undefined : Number(written);
  return { kind: isClang ? 'clang' : 'gcc', major };
}

/** Who builds modules wants the compiler of the kernel: its options are in the kernel's configuration. */
function checkBuilder(subject: Subject): Finding[] {
  const builder = builderOf(subject);
  if (builder?.major === undefined) return [];
  const { kind, major } = builder;
  const same = subject.compilers.find(({ name }) => name === kind);
  const tools = installed(subject, ['systemtap', 'DKMS', 'Falco']);
  if (same ? majorOf(same) === major || majorOf(same) === undefined : tools.length === 0) return [];
  return [
    {
      name: 'compiler-differs',
      severity: tools.length > 0 ? 'warning' : 'note',
      what: `the kernel was built by ${kind} ${major}, ${same ? `${kind} ${same.version ?? ''} is installed` : `no ${kind} is installed`}`,
      why:
        tools.length > 0
          ? `modules that ${listed(tools)} ${tools.length === 1 ? 'builds' : 'build'} get options that another compiler may not know`
          : 'modules built here get options that another compiler may not know; programs for BPF do not mind',
      tools,
      advice: `Install ${kind} ${major}${kind === 'clang' ? ', and build with LLVM=1' : ''}`,
    },
  ];
}

function majorOf({ version }: InstalledTool): number | undefined {
  const major = /^\d+/.exec(version ?? '')?.[0];
  return major === undefined ? undefined : Number(major);
}
