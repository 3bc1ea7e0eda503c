import { cleanText } from '../clean-text';
import { button, make } from '../elements';
import type { Problem } from './messages';
import { words } from './words';

/** What went wrong, and what to do about it; read aloud when it appears. */
export class ProblemView {
  readonly node = make('div', 'deepshi-problems');

  constructor() {
    this.node.role = 'alert';
  }

  /**
   * Show a problem in the place of the last one.
   *
   * @param restore Puts the question back that failed, where it is not in the composer.
   */
  show({ what, todo }: Problem, restore: (() => void) | null = null): void {
    const text = make('div', '', make('strong', '', cleanText(what)));
    if (todo !== '') {
      text.append(make('p', '', cleanText(todo)));
    }
    const buttons = make('div', 'deepshi-buttons');
    if (restore !== null) {
      const act = (): void => {
        this.clear();
        restore();
      };
      buttons.append(button(words.restore, '', act));
    }
    const dismiss = (): void => {
      this.clear();
    };
    buttons.append(button(words.dismiss, 'deepshi-flat', dismiss));
    this.node.replaceChildren(make('div', 'deepshi-problem', text, buttons));
  }

  clear(): void {
    this.node.replaceChildren();
  }
}
