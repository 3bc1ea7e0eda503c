/**
 * The link definitions of a text that is read in pieces.
 *
 * A definition may stand anywhere, also after the places that refer to it. So each reading notes
 * which labels it looked for in vain; the view draws a piece again when one of them turns up.
 */

import type { Token } from 'markdown-it';

import { parser } from './markdown-parser';

interface Definition {
  href: string;
  title: string;
}

/** What came of reading a piece of markdown. */
export interface Reading {
  tokens: Token[];
  /** Labels that nothing defined so far. */
  missed: ReadonlySet<string>;
  /** Labels that this piece is the first to define. */
  defined: ReadonlySet<string>;
}

/** All definitions of the finished pieces of one text. */
export class Definitions {
  readonly #known = new Map<string, Definition>();

  /** Read a finished piece and keep what it defines. */
  readFinished(source: string): Reading {
    return read(source, this.#known, this.#known);
  }

  /** Read a piece that may still change. */
  readOpen(source: string): Reading {
    return read(source, this.#known, new Map());
  }
}

function read(
  source: string,
  known: ReadonlyMap<string, Definition>,
  added: Map<string, Definition>,
): Reading {
  const missed = new Set<string>();
  const defined = new Set<string>();
  const references = new Proxy<Record<string, Definition>>(
    {},
    {
      get(_, label) {
        const name = String(label);
        const definition = known.get(name) ?? added.get(name);
        if (definition === undefined) {
          missed.add(name);
        }
        return definition;
      },
      set(_, label, definition: Definition) {
        const name = String(label);
        added.set(name, definition);
        defined.add(name);
        missed.delete(name); // the parser looks for a label before it defines it
        return true;
      },
    },
  );
  return { tokens: parser.parse(source, { references }), missed, defined };
}
