import type { Undo } from './port';

/**
 * Keep the shortcuts of JupyterLab away from the panel, all but the one that saves.
 *
 * Its notebook takes single letters as commands where the focus is in no text (`d d` deletes a cell),
 * and Shift+Enter and Ctrl+Z even where it is in one. Lumino's CommandRegistry looks for an attribute
 * of the very element that has the focus, when a key comes to the document; so it is set before that.
 * JupyterLab 4.6 also cancels each line break and undo that is about to happen within a cell
 * (`evtKeydown` of its application); so it does not hear of those.
 */
export function sparePageShortcuts(root: HTMLElement): Undo {
  const page = document.defaultView;
  const key = (event: KeyboardEvent): void => {
    const { target, key: name, ctrlKey, metaKey } = event;
    if (target instanceof Element && root.contains(target)) {
      const isSave = (ctrlKey || metaKey) && name.toLowerCase() === 's';
      target.toggleAttribute('data-lm-suppress-shortcuts', !isSave);
    }
  };
  const input = (event: Event): void => {
    if (event.target instanceof Element && root.contains(event.target)) {
      event.stopPropagation();
    }
  };
  page?.addEventListener('keydown', key, { capture: true });
  page?.addEventListener('beforeinput', input, { capture: true });
  return () => {
    page?.removeEventListener('keydown', key, { capture: true });
    page?.removeEventListener('beforeinput', input, { capture: true });
  };
}
