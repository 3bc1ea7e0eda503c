/**
 * How much of a growing markdown text is finished, so that it need not be drawn again.
 *
 * Blocks are recognised line by line, so whole lines that have come cannot change the blocks before
 * the last one (https://spec.commonmark.org/0.31.2/#phase-1-block-structure). A few blocks end
 * only when a later line says so, but none of those reaches over a blank line; so a text is cut
 * where a blank line stands before the last block, or after it if nothing can go on.
 */

import type { Token } from 'markdown-it';

import { parser } from './markdown-parser';

/** Blocks that a blank line does not finish; a fence only as long as it is open. */
const MAY_GO_ON = new Set(['bullet_list_open', 'ordered_list_open', 'code_block', 'fence']);

/**
 * Return the length of the finished beginning of a text.
 *
 * @param text Clean markdown that begins at a block.
 */
export function finishedLength(text: string): number {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole === '') {
    return 0;
  }
  const lines = whole.split('\n').slice(0, -1);
  const last = lastBlock(whole);
  if (last === null) {
    return isBlank(lines.at(-1)) ? whole.length : 0;
  }
  const begins = last.map?.[0] ?? 0;
  const standsApart = begins === 0 || isBlank(lines[begins - 1]);
  const isFinished = isBlank(lines.at(-1)) || (last.type === 'fence' && standsApart);
  if (isFinished && isClosed(last, lines)) {
    return whole.length;
  }
  return standsApart ? lengthOf(lines.slice(0, begins)) : 0;
}

function lastBlock(text: string): Token | null {
  const tokens: Token[] = [];
  parser.block.parse(text, parser, { references: {} }, tokens);
  return tokens.findLast((token) => token.level === 0 && token.map !== null) ?? null;
}

function isClosed(block: Token, lines: string[]): boolean {
  if (!MAY_GO_ON.has(block.type)) {
    return true;
  }
  const [begins, ends] = block.map ?? [0, 0];
  const inside = ends - begins - 2;
  return block.type === 'fence' && ends <= lines.length && lineCount(block.content) === inside;
}

function lineCount(text: string): number {
  return text.split('\n').length - 1;
}

function isBlank(line: string | undefined): boolean {
  return line !== undefined && /^[ \t]*$/.test(line);
}

function lengthOf(lines: string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}
