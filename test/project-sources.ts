import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../src/native.ts';

/** A file of the checkout, as text. */
export interface ProjectFile {
  /** From the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** One import of a TypeScript file, static or dynamic, or an export from another file. */
export interface Import {
  /** Path from the checkout of what is imported, or the bare name: `src/errors.ts`, `node:fs`. */
  readonly target: string;
  /** The names asked for; empty for `import *`, `export *` and dynamic imports. */
  readonly names: readonly string[];
  readonly typeOnly: boolean;
  /** Line in the importing file, from 1. */
  readonly line: number;
}

/** A name or a string (or a piece of a template) in the code of a file; comments are none. */
export interface Word {
  readonly text: string;
  /** Line in the file, from 1. */
  readonly line: number;
}

/** All files of the checkout in or below a folder whose names end as asked; none where the folder is missing. */
export function projectFiles(folder: string, ...endings: readonly string[]): ProjectFile[] {
  const start = join(packageRoot, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .sort()
    .map((name) => ({ path: join(folder, name), text: readFileSync(join(start, name), 'utf8') }));
}

function parse({ path, text }: ProjectFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

const lineOf = (node: ts.Node): number =>
  node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1;

function* nodesBelow(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) if (!ts.isJSDoc(child)) yield* nodesBelow(child);
}

/** What a node imports, as written, or undefined when it imports nothing. */
function specifier(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return node.arguments[0];
  return undefined;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

function importedNames(node: ts.Node): string[] {
  const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : undefined;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
}

/** Everything that a TypeScript file imports. */
export function importsOf(file: ProjectFile): Import[] {
  return [...nodesBelow(parse(file))].flatMap((node) => {
    const target = specifier(node);
    if (target === undefined || !ts.isStringLiteral(target)) return [];
    const path = target.text.startsWith('.')
      ? relative('.', join(dirname(file.path), target.text))
      : target.text;
    return [{ target: path, names: importedNames(node), typeOnly: isTypeOnly(node), line: lineOf(node) }];
  });
}

/** The names and strings in the code of a TypeScript file. */
export function wordsOf(file: ProjectFile): Word[] {
  return [...nodesBelow(parse(file))].flatMap((node) =>
    ts.isIdentifier(node) || ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node)
      ? [{ text: node.text, line: lineOf(node) }]
      : [],
  );
}

/** Exported functions and classes of a TypeScript file that no docstring precedes. */
export function undocumentedExports(file: ProjectFile): Word[] {
  return parse(file).statements.flatMap((statement) => {
    if (!ts.isFunctionDeclaration(statement) && !ts.isClassDeclaration(statement)) return [];
    const exported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
    if (!exported || ts.getJSDocCommentsAndTags(statement).length > 0) return [];
    return [{ text: statement.name?.text ?? 'the default export', line: lineOf(statement) }];
  });
}
