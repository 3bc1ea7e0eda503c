/** The files that `tests/frontend/make_state_fixtures.py` writes: notebooks, and what Python says of them. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { contextOf, type CellContext } from '../../src/state/cell-context';
import { documentState, type DocumentState } from '../../src/state/document-state';
import { cellsOf } from '../../src/state/notebook-cell';

const FOLDER = path.join('..', '..', 'tests', 'frontend', 'state');

/** A notebook, and what is to be said of it. */
export interface Case {
  readonly what: string;
  readonly setting: string;
  readonly notebook: unknown;
  readonly questions: readonly { readonly states: readonly string[] }[];
  readonly unreadable: readonly { index: number; what: string; todo: string }[];
  readonly contexts: readonly { index: number; room: number | null; problem: string }[];
  readonly in_javascript?: readonly (readonly string[])[];
}

/** Return the values of a file. */
export function values(name: string): unknown {
  const text = readFileSync(path.join(FOLDER, 'values', `${name}.json`), 'utf8');
  return JSON.parse(text);
}

/** Return the cases of each file. */
export function cases(): ReadonlyMap<string, readonly Case[]> {
  const folder = path.join(FOLDER, 'notebooks');
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(
    names.map((name) => [
      name,
      JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as readonly Case[],
    ]),
  );
}

/** Return the questions of a document in the form of the files. */
export function questionsOf(state: DocumentState): unknown[] {
  return state.cells.flatMap(({ index, id, questions }) =>
    questions.map(({ states, reasons, isUnchecked, turn, facts }) => ({
      index,
      cell: id,
      states,
      reasons,
      isUnchecked,
      turn: turn && {
        id: turn.record.id,
        chat: turn.record.chat,
        text: turn.record.text,
        tokens: turn.tokens,
        facts,
      },
    })),
  );
}

/** Return what cannot be read in the form of the files. */
export function unreadableIn(state: DocumentState): Case['unreadable'] {
  return state.views.flatMap(({ index, view }) =>
    view.troubles.map(({ what, todo }) => ({ index, what, todo })),
  );
}

/** Return a context in the form of the files, which say nothing more where there is a problem. */
function described(context: CellContext): object {
  return context.problem === '' ? context : { problem: context.problem };
}

/** Return the contexts that a case asks for, in the form of the files. */
export function contextsOf(state: DocumentState, { contexts, setting }: Case): unknown[] {
  return contexts.map(({ index, room }) => {
    const options = room === null ? { setting } : { setting, room };
    return { index, room, ...described(contextOf(state, index, options)) };
  });
}

/** Return the state of a case's notebook. */
export function stateOf({ notebook }: Case): DocumentState {
  return documentState(cellsOf(notebook));
}
