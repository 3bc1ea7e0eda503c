import type { Undo } from './port';

const KEY = 'data-deepshi-key';

/** Give an element a name by which the one that replaces it is found. */
export function nameForFocus(element: Element, key: string): void {
  element.setAttribute(KEY, key);
}

/**
 * Sees to it that the focus is never lost.
 *
 * When the element that has the focus is removed or disabled, a browser gives the focus to the whole
 * page, and who uses a keyboard or hears the page begins again at its top. Then the element of the
 * same name gets it, else the one that `fallback` returns.
 */
export function keepFocus(root: HTMLElement, fallback: () => HTMLElement): Undo {
  let last: HTMLElement | null = null;
  const mend = (): void => {
    if (last === null || isUsable(last)) {
      return;
    }
    const key = last.getAttribute(KEY);
    last = null;
    const same = key === null ? null : root.querySelector(`[${KEY}=${CSS.escape(key)}]`);
    (same instanceof HTMLElement && isUsable(same) ? same : fallback()).focus();
  };
  const came = ({ target }: Event): void => {
    last = target instanceof HTMLElement ? target : null;
  };
  const left = (): void => {
    const was = last;
    queueMicrotask(() => {
      // Removing an element may take its focus first; by now it is seen which of the two it was.
      if (last === was && was !== null && isUsable(was)) {
        last = null;
      } else {
        mend();
      }
    });
  };
  const observer = new MutationObserver(mend);
  observer.observe(root, { subtree: true, childList: true, attributeFilter: ['disabled'] });
  root.addEventListener('focusin', came);
  root.addEventListener('focusout', left);
  return () => {
    observer.disconnect();
    root.removeEventListener('focusin', came);
    root.removeEventListener('focusout', left);
  };
}

function isUsable(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(':disabled');
}
