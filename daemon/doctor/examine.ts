import type { HeaderKind } from '../header-choice.ts';
import { checkCompilers } from './clang-checks.ts';
import { byGravity } from './finding.ts';
import type { Finding } from './finding.ts';
import { checkHeaderTrees } from './header-checks.ts';
import { installedTools } from './installed-tools.ts';
import { checkKernel } from './kernel-checks.ts';
import { lookUp } from './lookup-results.ts';
import type { LookupResult } from './lookup-results.ts';
import { kernelFacts } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Supply } from './supply.ts';
import type { System } from './system.ts';
import { checkTemporaryHeaders } from './temporary-headers.ts';
import { checkTools } from './tool-checks.ts';
import type { TellVersion } from './tool-version.ts';
import { knownCompilers, knownTools } from './tools.ts';

/** What was seen of a system, and what follows from it. */
export interface Examination {
  readonly subject: Subject;
  /** Of the tools that are installed, or of those asked about. */
  readonly lookups: readonly LookupResult[];
  /** The gravest first. */
  readonly findings: readonly Finding[];
}

/** What an examination is given beside the system. */
export interface Circumstances {
  /** What ikfs can serve of its kernel. */
  readonly supply: Supply;
  readonly tellVersion: TellVersion;
  /** Where ikfs is mounted on it, if it is. */
  readonly mountpoint?: string | undefined;
  /** The headers that ikfs is to serve, the best it has unless given. */
  readonly wantedHeaders?: HeaderKind | undefined;
  /**
   * Names of tools; findings that concern none of these are left out. All that are installed, and all findings, unless
   * there are any.
   */
  readonly asked?: readonly string[];
}

/** Looks at a system. Writes nothing, and runs nothing but what `tellVersion` runs. */
export async function examine(
  system: System,
  { supply, tellVersion, mountpoint, wantedHeaders, asked = [] }: Circumstances,
): Promise<Examination> {
  const kernel = kernelFacts(system, supply);
  const [tools, compilers] = await Promise.all([
    installedTools(system, knownTools, tellVersion),
    installedTools(system, knownCompilers, tellVersion),
  ]);
  const subject: Subject = { system, kernel, supply, tools, compilers, mountpoint, wantedHeaders };
  const lookups = lookUp(system, kernel, tools);
  const findings = [
    ...checkTools(subject, lookups),
    ...checkHeaderTrees(subject),
    ...checkTemporaryHeaders(subject, lookups),
    ...checkKernel(subject),
    ...checkCompilers(subject),
  ];
  if (asked.length === 0) return { subject, lookups, findings: byGravity(findings) };
  const chosen = asked.map(
    (name) => tools.find((tool) => tool.name === name) ?? { name, version: undefined },
  );
  return {
    subject,
    lookups: lookUp(system, kernel, chosen),
    findings: byGravity(findings.filter((finding) => finding.tools.some((tool) => asked.includes(tool)))),
  };
}
