/* Rules of the house that no linter knows. */
import test from 'ava';
import { projectFiles, undocumentedExports } from './project-sources.ts';

const shipped = [
  ...projectFiles('src', '.ts'),
  ...projectFiles('daemon', '.ts', '.mjs'),
  ...projectFiles('native', '.cc', '.h', '.mjs'),
];

test('no source file is longer than 400 lines', (t) => {
  const long = shipped.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  t.deepEqual(
    long.filter(({ lines }) => lines > 400),
    [],
    'a file holds one concept; this one may hold two',
  );
});

test('every exported function and class says what it is', (t) => {
  const found = projectFiles('src', '.ts').flatMap((file) =>
    undocumentedExports(file).map(({ text, line }) => `${file.path}:${line} ${text}`),
  );
  t.deepEqual(found, [], 'a docstring gives units, byte order and errors, which types do not');
});

test('nothing is left open', (t) => {
  const mark = /\b(TODO|FIXME|XXX|HACK)\b|eslint-disable|@ts-(ignore|expect-error|nocheck)|NOLINT/;
  const found = shipped.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (mark.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
  t.deepEqual(found, [], 'a note to oneself belongs in an issue, and a finding wants a mend');
});
