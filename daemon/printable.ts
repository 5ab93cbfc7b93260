/**
 * What a terminal obeys instead of showing it: control characters of ASCII and Latin-1, and those of Unicode that
 * turn the direction of writing.
 */
const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text that does nothing to a terminal and stays on its line. Names and messages come out of files that anybody
 * may have written.
 */
export function printable(text: string): string {
  return text.replace(controls, (character) => {
    if (character === '\t') return ' ';
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}
