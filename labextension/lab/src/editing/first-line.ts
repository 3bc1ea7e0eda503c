/** The first line of a `%%deepshi` cell: where it stands; what it says, `magic-line.ts` reads. */

/** The first line of a cell, and where it stands in the source. */
export interface MagicLine {
  from: number;
  to: number;
  /** The line before its options: the magic's name. */
  name: string;
  /** The white space between the two. */
  space: string;
  options: string;
}

const MAGIC_LINE = /^(\s*%%deepshi)(?:([^\S\n]+)([^\n]*))?(?=\n|$)/;

/** Return the first line of a `%%deepshi` cell; null if a source is none. */
export function magicLineOf(source: string): MagicLine | null {
  const found = MAGIC_LINE.exec(source);
  if (found === null) {
    return null;
  }
  const [whole, before = '', space = '', options = ''] = found;
  const name = before.trimStart();
  return { from: before.length - name.length, to: whole.length, name, space, options };
}

const MAGIC = /^\s*%%deepshi(?!\S)/;

/** Whether a cell with these lines is a `%%deepshi` cell; reads no further than its first line. */
export function asksAt(lines: Iterable<string>): boolean {
  for (const line of lines) {
    if (/\S/.test(line)) {
      return MAGIC.test(line);
    }
  }
  return false;
}

/** Return a first line with other options. */
export function withOptions({ name, space }: MagicLine, options: string): string {
  return options === '' ? name : `${name}${space || ' '}${options}`;
}
