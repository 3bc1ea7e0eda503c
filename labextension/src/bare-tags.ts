/**
 * The few tags that models write for want of markdown: a line break in a table cell, an index.
 *
 * Only these exact words are read, without attributes; all other HTML stays text. The cells' output
 * knows the same ones (`TAGS` in `deepshi_jupyter/display/inert_markdown.py`).
 */

import type { MarkdownIt, StateInline } from 'markdown-it';

const BREAK = /<br ?\/?>/iy;
const AROUND_WORDS = /<(sub|sup|kbd)>([^<>\n]{1,200})<\/\1>/y;

/** Let a parser read `<br>`, and `<sub>`, `<sup>` and `<kbd>` around plain words. */
export function useBareTags(parser: MarkdownIt): void {
  parser.inline.ruler.before('autolink', 'bare_tag', bareTag);
}

function bareTag(state: StateInline, silent: boolean): boolean {
  return lineBreak(state, silent) || aroundWords(state, silent);
}

function lineBreak(state: StateInline, silent: boolean): boolean {
  const match = matchHere(BREAK, state);
  if (match === null) {
    return false;
  }
  if (!silent) {
    state.push('hardbreak', 'br', 0);
  }
  state.pos += match[0].length;
  return true;
}

function aroundWords(state: StateInline, silent: boolean): boolean {
  const match = matchHere(AROUND_WORDS, state);
  const [whole, tag, words] = match ?? [];
  if (whole === undefined || tag === undefined || words === undefined) {
    return false;
  }
  if (!silent) {
    state.push(`${tag}_open`, tag, 1);
    state.push('text', '', 0).content = words;
    state.push(`${tag}_close`, tag, -1);
  }
  state.pos += whole.length;
  return true;
}

function matchHere(pattern: RegExp, state: StateInline): RegExpExecArray | null {
  pattern.lastIndex = state.pos;
  const match = pattern.exec(state.src);
  return match !== null && state.pos + match[0].length <= state.posMax ? match : null;
}
