/** The distribution, as os-release(5) names it: `debian` and `12`. */
export interface Distribution {
  readonly id: string;
  readonly version: string;
}

/**
 * Reads ID and VERSION_ID of an os-release file. Their values are lower-case letters, digits, `.`, `_` and `-`
 * (os-release(5)); others, which could lead out of a directory named after them, are as if they were missing.
 * @returns undefined unless both are there; systems that have no versions have no VERSION_ID
 */
export function parseOsRelease(text: string): Distribution | undefined {
  const [id, version] = [valueOf(text, 'ID'), valueOf(text, 'VERSION_ID')];
  return id === undefined || version === undefined ? undefined : { id, version };
}

function valueOf(text: string, name: string): string | undefined {
  const match = new RegExp(`^${name}=(["']?)([a-z0-9._-]+)\\1[ \\t]*$`, 'm').exec(text);
  const value = match?.[2];
  return value === '.' || value === '..' ? undefined : value;
}
