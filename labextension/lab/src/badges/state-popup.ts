import { button, make } from '../../../src/elements';
import { Popup } from '../../../src/panel/popup';

/** What a popover says and offers. */
export interface StateContent {
  readonly title: string;
  readonly meaning: string;
  readonly reasons: readonly string[];
  readonly facts: readonly string[];
  readonly actions: readonly { readonly label: string; readonly run: () => void }[];
}

/** Opens the popover of a badge: what its cell is, why, and what to do about it. */
export function openState(opener: HTMLElement, content: StateContent): void {
  const popup = new Popup(opener, () => {
    popup.node.remove();
  });
  const title = make('h2', '', content.title);
  title.id = 'deepshi-state-title';
  const reasons = content.reasons.map((reason) => make('li', '', reason));
  const buttons = content.actions.map(({ label, run }) =>
    button(label, '', () => {
      popup.close();
      run();
    }),
  );
  popup.node.className = 'deepshi-state';
  popup.node.role = 'dialog';
  popup.node.tabIndex = -1;
  popup.node.setAttribute('aria-labelledby', title.id);
  popup.node.append(
    title,
    make('p', '', content.meaning),
    ...(reasons.length > 0 ? [make('ul', '', ...reasons)] : []),
    ...content.facts.map((line) => make('p', 'deepshi-state-facts', line)),
    make('div', 'deepshi-state-actions', ...buttons),
  );
  popup.node.addEventListener('focusout', ({ relatedTarget }) => {
    const isLeft = relatedTarget instanceof Node && !popup.node.contains(relatedTarget);
    if (isLeft) {
      popup.close();
    }
  });
  document.body.append(popup.node);
  popup.open();
  (buttons[0] ?? popup.node).focus();
}
