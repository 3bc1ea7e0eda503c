/** White space as Python's `str` has it; JavaScript's `\s` and `trim` take U+FEFF and leave U+001C … */

/** The characters, line feed left out, to be put into a class of a regular expression. */
export const SPACES =
  '\\t\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const LEADING = new RegExp(`^[\\n${SPACES}]+`);
const TRAILING = new RegExp(`[\\n${SPACES}]+$`);

/** Return a text without the white space before it, as `str.lstrip`. */
export function withoutLeading(text: string): string {
  return text.replace(LEADING, '');
}

/** Return a text without white space around it, as `str.strip`. */
export function stripped(text: string): string {
  return withoutLeading(text).replace(TRAILING, '');
}
