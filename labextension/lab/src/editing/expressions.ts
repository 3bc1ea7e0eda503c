/**
 * Where `{{…}}` stands in a prompt; `\{{` is a literal.
 *
 * The twin of `_parts` in `deepshi_jupyter/core/template.py`, which takes the first end that makes valid
 * Python. Without Python's parser the end is the first `}}` outside of brackets and quotes, else the
 * first of all.
 */

/** A `{{…}}`, its braces included. */
export interface Expression {
  from: number;
  to: number;
}

/** Two braces that are text: `\{{`, or `{{` with nothing in them or without an end. */
export type Literal = Expression;

/** So long may the inside be. */
const LONGEST = 4000;

const OPENING = /\\\{\{|\{\{/g;
const ONLY_BRACES = /^[ \t\r\n{}]*$/;
const OPENS = '([{';
const CLOSES = ')]}';

/** Return the expressions and the literal braces of a text, from left to right. */
export function bracesIn(text: string): { expressions: Expression[]; literals: Literal[] } {
  const expressions: Expression[] = [];
  const literals: Literal[] = [];
  const opening = new RegExp(OPENING);
  for (let found = opening.exec(text); found !== null; found = opening.exec(text)) {
    const begin = opening.lastIndex;
    const to = found[0].startsWith('\\') ? -1 : endOf(text, begin);
    if (to < 0) {
      literals.push({ from: found.index, to: begin });
    } else {
      expressions.push({ from: found.index, to });
      opening.lastIndex = to;
    }
  }
  return { expressions, literals };
}

/** Return where the expression ends that begins here, or -1 if the braces are text. */
function endOf(text: string, begin: number): number {
  const first = begin + text.slice(begin, begin + LONGEST + 2).indexOf('}}');
  if (first < begin || ONLY_BRACES.test(text.slice(begin, first))) {
    return -1;
  }
  const outside = outsideEnd(text, begin);
  return (outside < 0 ? first : outside) + 2;
}

/** Return where the first `}}` stands that is in no bracket and no quotes, or -1. */
function outsideEnd(text: string, begin: number): number {
  const last = Math.min(text.length, begin + LONGEST + 2);
  let depth = 0;
  for (let at = begin; at < last; at += 1) {
    const character = text.charAt(at);
    if (character === '"' || character === "'") {
      at = closingQuote(text, at, last);
    } else if (depth === 0 && text.startsWith('}}', at)) {
      return at;
    } else if (OPENS.includes(character)) {
      depth += 1;
    } else if (CLOSES.includes(character)) {
      depth = Math.max(0, depth - 1);
    }
  }
  return -1;
}

/** Return where the text ends whose quote stands here; a quote alone is passed over. */
function closingQuote(text: string, at: number, last: number): number {
  const quote = text.charAt(at);
  for (let end = at + 1; end < last && text.charAt(end) !== '\n'; end += 1) {
    if (text.charAt(end) === '\\') {
      end += 1;
    } else if (text.charAt(end) === quote) {
      return end;
    }
  }
  return at;
}
