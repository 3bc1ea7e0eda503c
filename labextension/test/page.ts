/** A page without a browser; import this before anything that touches the document. */

import { Window } from 'happy-dom';

const window = new Window();
for (const name of [
  'document',
  'CSS',
  'CustomEvent',
  'Element',
  'Event',
  'HTMLAnchorElement',
  'HTMLElement',
  'HTMLInputElement',
  'HTMLOListElement',
  'HTMLTableCellElement',
  'HTMLTextAreaElement',
  'KeyboardEvent',
  'MutationObserver',
  'Node',
  'ShadowRoot',
] as const) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
}

// This page has no popovers; that they open and close is tested in a browser.
for (const name of ['showPopover', 'hidePopover']) {
  Object.defineProperty(window.HTMLElement.prototype, name, { value: () => undefined });
}
