/** A text → the Python literal that stands for it, as `repr` writes it. */

const SHORT: Partial<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
};
/** What does not print, as Python's `str.isprintable` has it. */
export const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** Return the literal of a text. */
export function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + Array.from(text, (character) => written(character, quote)).join('') + quote;
}

function written(character: string, quote: string): string {
  if (character === quote) {
    return `\\${quote}`;
  }
  return SHORT[character] ?? (UNPRINTABLE.test(character) ? escaped(character) : character);
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length <= 2) {
    return `\\x${code.padStart(2, '0')}`;
  }
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}
