/** Names, sizes and members of all structs, unions and enums in what `bpftool btf dump ... format raw` prints. */
export function shapesIn(dump: string): Set<string> {
  const shapes = new Set<string>();
  let current: string[] = [];
  for (const line of [...dump.split('\n'), '[end']) {
    if (!line.startsWith('[')) {
      current.push(line.replace(/ type_id=\d+/, ''));
      continue;
    }
    if (current.length > 0 && /^\[\d+\] (STRUCT|UNION|ENUM|ENUM64) '(?!\(anon\))/.test(current[0] ?? '')) {
      shapes.add(current.join('\n').replace(/^\[\d+\] /, ''));
    }
    current = [line];
  }
  return shapes;
}
