/**
 * Mathematics in markdown: `$…$`, `\(…\)`, `$$…$$`, `\[…\]` and `\begin{…}…\end{…}`.
 *
 * A single dollar begins and ends mathematics by pandoc's rules, so that prices stay prices
 * (https://pandoc.org/MANUAL.html#extension-tex_math_dollars). No piece of mathematics holds a
 * blank line; `finished-blocks.ts` rests on that.
 */

import type { MarkdownIt, StateBlock, StateInline } from 'markdown-it';

/** How far the end of inline mathematics is looked for, so that many dollars cost little. */
const LONGEST_INLINE = 1000;
const LONGEST_BLOCK_LINES = 200;

const DOLLAR = /\$(?![\s$])((?:\\[\s\S]|[^\\$])*?[^\\\s$]|\\[^\s])\$(?!\d)/y;
const DISPLAY_DOLLARS = /\$\$(?!\$)((?:\\[\s\S]|[^\\$])+)\$\$/y;
const PARENTHESES = /\\\(([\s\S]+?)\\\)/y;
const BRACKETS = /\\\[([\s\S]+?)\\\]/y;

/** Let a parser read mathematics as tokens `math_inline` and `math_block`, the source as content. */
export function useMath(parser: MarkdownIt): void {
  parser.inline.ruler.before('escape', 'math_inline', inlineMath);
  parser.block.ruler.before('fence', 'math_block', blockMath, {
    alt: ['paragraph', 'reference', 'blockquote', 'list'],
  });
}

function inlineMath(state: StateInline, silent: boolean): boolean {
  const found = matchAt(
    state.src.slice(state.pos, Math.min(state.posMax, state.pos + LONGEST_INLINE)),
  );
  if (found === null) {
    return false;
  }
  if (!silent) {
    const token = state.push('math_inline', '', 0);
    token.content = found.source;
    token.markup = found.display ? '$$' : '$';
  }
  state.pos += found.length;
  return true;
}

interface Found {
  source: string;
  display: boolean;
  length: number;
}

function matchAt(text: string): Found | null {
  const display = text.startsWith('$$') || text.startsWith('\\[');
  for (const pattern of patternsFor(text)) {
    pattern.lastIndex = 0;
    const match = pattern.exec(text);
    if (match?.[1]?.trim()) {
      return { source: match[1], display, length: match[0].length };
    }
  }
  return null;
}

function patternsFor(text: string): RegExp[] {
  if (text.startsWith('$')) {
    return text.startsWith('$$') ? [DISPLAY_DOLLARS] : [DOLLAR];
  }
  if (text.startsWith('\\(')) {
    return [PARENTHESES];
  }
  return text.startsWith('\\[') ? [BRACKETS] : [];
}

function blockMath(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  const first = lineOf(state, start);
  const closing = closingOf(first);
  if (closing === null || indentOf(state, start) >= 4) {
    return false;
  }
  const last = lastLine(state, start, end, closing);
  if (last === null) {
    return false;
  }
  if (!silent) {
    const lines = state.getLines(start, last + 1, state.sCount[start] ?? 0, false).trim();
    const token = state.push('math_block', '', 0);
    token.block = true;
    token.content = closing.bare ? lines : lines.slice(2, -2).trim();
    token.map = [start, last + 1];
  }
  state.line = last + 1;
  return true;
}

interface Closing {
  /** What ends the block. */
  text: string;
  /** Whether the signs themselves belong to the source. */
  bare: boolean;
}

function closingOf(line: string): Closing | null {
  if (line.startsWith('$$')) {
    return { text: '$$', bare: false };
  }
  if (line.startsWith('\\[')) {
    return { text: '\\]', bare: false };
  }
  const name = /^\\begin\{([A-Za-z]+\*?)\}/.exec(line)?.[1];
  return name === undefined ? null : { text: `\\end{${name}}`, bare: true };
}

/** Return the line that ends a block of mathematics, or null if a blank line comes before it. */
function lastLine(state: StateBlock, start: number, end: number, closing: Closing): number | null {
  const limit = Math.min(end, start + LONGEST_BLOCK_LINES);
  for (let line = start; line < limit; line++) {
    if (line > start && (state.isEmpty(line) || indentOf(state, line) < 0)) {
      return null;
    }
    const text = lineOf(state, line);
    const found = text.indexOf(closing.text, line === start ? 2 : 0);
    if (found >= 0) {
      return text.slice(found + closing.text.length).trim() === '' ? line : null;
    }
  }
  return null;
}

function lineOf(state: StateBlock, line: number): string {
  return state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
}

function indentOf(state: StateBlock, line: number): number {
  return (state.sCount[line] ?? 0) - state.blkIndent;
}
