/** A page without a browser; import this before anything that touches the document. */

import { Window } from 'happy-dom';

const window = new Window();
for (const name of [
  'document',
  'Element',
  'HTMLAnchorElement',
  'HTMLOListElement',
  'HTMLTableCellElement',
  'Event',
] as const) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
}
