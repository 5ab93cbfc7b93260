import { printable } from './printable.ts';

/** A column of a table: its title, and whether it holds numbers, which stand on the right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/**
 * Rows as aligned text, one a line, columns two spaces apart; without a title line when no column has a title.
 * @param rows cells as they are; what a terminal would obey is made visible
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  indent = '',
): string {
  const titles = columns.map(({ title }) => title);
  const lines = [...(titles.some((title) => title !== '') ? [titles] : []), ...rows].map((cells) =>
    cells.map(printable),
  );
  const widths = columns.map((_, at) => Math.max(0, ...lines.map((cells) => (cells[at] ?? '').length)));
  return lines
    .map((cells) => {
      const padded = columns.map(({ align }, at) => {
        const cell = cells[at] ?? '';
        return align === 'right' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0);
      });
      return `${indent}${padded.join('  ')}`.trimEnd() + '\n';
    })
    .join('');
}

/**
 * Names in as many columns as fit, read from top to bottom as ls(1) shows them.
 * @param width of the terminal, in characters
 */
export function formatNames(names: readonly string[], width: number): string {
  const shown = names.map(printable);
  const cell = Math.max(0, ...shown.map((name) => name.length)) + 2;
  const columns = Math.max(1, Math.floor((width + 2) / cell));
  const height = Math.ceil(shown.length / columns);
  return Array.from({ length: height }, (_, line) => {
    const cells = shown.filter((__, at) => at % height === line);
    return `${cells
      .map((name) => name.padEnd(cell))
      .join('')
      .trimEnd()}\n`;
  }).join('');
}

/** A value as JSON for programs, with a line break at the end. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
