/** The marks in a `%%deepshi` cell; loaded with the first such cell, with Python's parser. */

import { highlightingFor } from '@codemirror/language';
import type { EditorState, Range } from '@codemirror/state';
import { Decoration } from '@codemirror/view';
import type { Parser } from '@lezer/common';
import { highlightTree, tags, type Tag } from '@lezer/highlight';

import { bracesIn, type Expression } from './expressions';
import { magicLineOf } from './first-line';
import { partsOf, type PartKind } from './line-parts';

/** A stretch of a text. */
export interface Stretch {
  from: number;
  to: number;
}

const TAGS: Record<PartKind, Tag> = {
  magic: tags.keyword,
  option: tags.attributeName,
  value: tags.string,
};
const EXPRESSION = Decoration.mark({ class: 'deepshi-expression' });

/**
 * Return the marks of a `%%deepshi` cell.
 *
 * @param state The state of its editor, for the colours of the theme.
 * @param visible What of it is shown; expressions elsewhere get no marks.
 * @param python The parser of Python; without one, expressions have one colour.
 */
export function marksOf(
  state: EditorState,
  visible: readonly Stretch[],
  python: Parser | null,
): Range<Decoration>[] {
  const source = state.doc.toString();
  const expressions = expressionsIn(source);
  const parts = partsOf(source).flatMap((part) =>
    without(part, expressions.filter(overlaps(part))).map(({ from, to }) => {
      const classes = highlightingFor(state, [TAGS[part.kind]]) ?? '';
      return Decoration.mark({ class: `deepshi-${part.kind} ${classes}`.trim() }).range(from, to);
    }),
  );
  const shown = expressions.filter((one) => visible.some(overlaps(one)));
  return [...parts, ...shown.flatMap((one) => expressionMarks(source, one, state, python))];
}

/** Return what is left of a stretch without others that lie in it, in their order. */
function without({ from, to }: Stretch, others: readonly Stretch[]): Stretch[] {
  const starts = [from, ...others.map((other) => other.to)];
  const ends = [...others.map((other) => other.from), to];
  return starts
    .map((start, n) => ({ from: start, to: ends[n] ?? start }))
    .filter((rest) => rest.from < rest.to);
}

function overlaps(one: Stretch): (other: Stretch) => boolean {
  return (other) => one.from < other.to && other.from < one.to;
}

/** Return the expressions that the kernel fills in; with `--raw` the body has none. */
export function expressionsIn(source: string): Expression[] {
  const line = magicLineOf(source);
  if (line === null) {
    return [];
  }
  const { expressions } = bracesIn(source);
  const isRaw = line.options.split(/\s+/).includes('--raw');
  return isRaw ? expressions.filter(({ from }) => from < line.to) : expressions;
}

function expressionMarks(
  source: string,
  { from, to }: Expression,
  state: EditorState,
  python: Parser | null,
): Range<Decoration>[] {
  const marks = [EXPRESSION.range(from, to)];
  const style = (found: readonly Tag[]): string | null => highlightingFor(state, found);
  if (python !== null) {
    const tree = python.parse(source.slice(from + 2, to - 2));
    highlightTree(tree, { style }, (begin, end, classes) => {
      marks.push(Decoration.mark({ class: classes }).range(from + 2 + begin, from + 2 + end));
    });
  }
  return marks;
}
