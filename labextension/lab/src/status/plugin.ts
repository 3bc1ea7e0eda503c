import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { button } from '../../../src/elements';
import { addRules } from '../../../src/style';
import { COMMAND } from '../notebook-settings/plugin';
import type { Replies } from '../protocol';
import { DOMAIN, IDocumentStates, IKernelLinks } from '../tokens';
import rules from './status.css';
import { explanationOf, lineOf, sumsOf } from './status-text';

/** Says in the status bar what the conversation of the current notebook is, and what it took. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'deepshi-jupyter:status',
  description: 'Model, tokens, cost and mode of the current notebook in the status bar.',
  autoStart: true,
  requires: [IKernelLinks, IDocumentStates, INotebookTracker],
  optional: [IStatusBar, ITranslator],
  activate(
    { commands },
    links: IKernelLinks,
    states: IDocumentStates,
    tracker: INotebookTracker,
    bar: IStatusBar | null,
    translator: ITranslator | null,
  ): void {
    if (bar === null) {
      return; // Notebook 7 has none
    }
    addRules('deepshi-status-style', rules);
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const item = new StatusItem(commands, trans.__('Conversation settings of this notebook'));
    const current = new CurrentNotebook(links, states, item);
    bar.registerStatusItem('deepshi-jupyter:status', {
      item,
      align: 'left',
      rank: 50,
      isActive: () => item.isShown,
      activeStateChanged: item.shownChanged,
    });
    tracker.currentChanged.connect((_, panel) => {
      current.follow(panel);
    });
    tracker.activeCellChanged.connect(() => {
      void current.ask();
    });
    NotebookActions.executed.connect((_, { notebook }) => {
      if (notebook === tracker.currentWidget?.content) {
        void current.ask();
      }
    });
    current.follow(tracker.currentWidget);
  },
};

/** The line itself: a button that opens the settings. */
class StatusItem extends Widget {
  readonly shownChanged = new Signal<this, void>(this);
  readonly #button: HTMLButtonElement;
  #isShown = false;

  constructor(commands: CommandRegistry, label: string) {
    super();
    this.addClass('deepshi-status');
    this.#button = button('', 'deepshi-status-button', () => {
      void commands.execute(COMMAND);
    });
    this.#button.ariaDescription = label;
    this.node.append(this.#button);
  }

  get isShown(): boolean {
    return this.#isShown;
  }

  /** Show a line, or nothing for an empty one. */
  say(line: string, explanation: string): void {
    this.#button.textContent = line;
    this.#button.title = explanation;
    if (this.#isShown !== (line !== '')) {
      this.#isShown = line !== '';
      this.shownChanged.emit();
    }
  }
}

/** Follows the notebook that the user works in. */
class CurrentNotebook {
  readonly #links: IKernelLinks;
  readonly #states: IDocumentStates;
  readonly #item: StatusItem;
  #panel: NotebookPanel | null = null;
  #status: Replies['status'] | null = null;
  #asking: AbortController | null = null;

  constructor(links: IKernelLinks, states: IDocumentStates, item: StatusItem) {
    this.#links = links;
    this.#states = states;
    this.#item = item;
  }

  follow(panel: NotebookPanel | null): void {
    Signal.disconnectReceiver(this);
    this.#panel = panel;
    this.#status = null;
    if (panel !== null) {
      this.#states.of(panel.context)?.changed.connect(this.#show, this);
      const link = this.#links.of(panel.context);
      link?.welcomed.connect(this.#askAgain, this);
      link?.stateChanged.connect(this.#askAgain, this);
    }
    this.#show();
    void this.ask();
  }

  /** Ask the kernel what is set, and what the active cell would be sent with. */
  async ask(): Promise<void> {
    const panel = this.#panel;
    const link = panel === null ? null : this.#links.of(panel.context);
    this.#asking?.abort();
    if (link?.state !== 'open') {
      this.#status = null;
      this.#show();
      return;
    }
    const { signal } = (this.#asking = new AbortController());
    const cell = panel?.content.activeCell?.model.id ?? null;
    try {
      const status = await link.request('status', { cell }, { signal });
      this.#status = panel === this.#panel ? status : this.#status;
    } catch {
      // the link was closed, or a later question took the place of this one
    }
    this.#show();
  }

  #askAgain(): void {
    void this.ask();
  }

  #show(): void {
    const state = this.#panel === null ? null : this.#states.of(this.#panel.context)?.state;
    if (state === null || state === undefined) {
      this.#item.say('', '');
      return;
    }
    const sums = sumsOf(state);
    this.#item.say(lineOf(sums, this.#status), explanationOf(sums, this.#status));
  }
}
