import { button } from '../../../src/elements';

/** Stops the answer of a turn; the promise says whether there was one. */
export type Stop = (turn: string) => Promise<boolean>;

/** A button that stops an answer once. */
export class StopButton {
  readonly node: HTMLButtonElement;

  constructor(stop: () => Promise<boolean>, translate: (sentence: string) => string) {
    this.node = button(`■ ${translate('Stop')}`, 'deepshi-stop', () => {
      this.node.disabled = true;
      this.node.textContent = translate('Stopping…');
      stop().catch(() => {
        this.node.disabled = false;
        this.node.textContent = `■ ${translate('Stop')}`;
      });
    });
    this.node.title = translate('Stop this answer');
  }
}
