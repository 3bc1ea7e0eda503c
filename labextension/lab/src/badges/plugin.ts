import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, ISessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DOMAIN, IDocumentStates, IKernelLinks } from '../tokens';
import type { NotebookBadges } from './notebook-badges';
import { Replays } from './replays';

export const SHOW_CONTEXT = 'deepshi:show-context';
export const RUN_STALE = 'deepshi:run-stale';
export const EXPLAIN_STATE = 'deepshi:explain-state';

/** Shows at each question whether its answer still fits, and what its context is. */
export const badgesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'deepshi-jupyter:badges',
  description: 'The state of each answer beside its cell, and the context of a question.',
  autoStart: true,
  requires: [IDocumentStates, IKernelLinks, INotebookTracker],
  optional: [ITranslator, ICommandPalette, ISessionContextDialogs],
  activate(
    app: JupyterFrontEnd,
    states: IDocumentStates,
    links: IKernelLinks,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    dialogs: ISessionContextDialogs | null,
  ): void {
    const badges = new Badges({
      states,
      links,
      translator: translator ?? nullTranslator,
      dialogs: dialogs ?? undefined,
    });
    tracker.widgetAdded.connect((_, panel) => {
      badges.follow(panel);
    });
    tracker.activeCellChanged.connect(() => {
      app.commands.notifyCommandChanged(SHOW_CONTEXT);
    });
    addCommands(app, badges, tracker, translator ?? nullTranslator);
    const category = (translator ?? nullTranslator).load(DOMAIN).__('Deepshi');
    [RUN_STALE, SHOW_CONTEXT, EXPLAIN_STATE].forEach((command) => {
      palette?.addItem({ command, category });
    });
  },
};

function addCommands(
  { commands }: JupyterFrontEnd,
  badges: Badges,
  tracker: INotebookTracker,
  translator: ITranslator,
): void {
  const trans = translator.load(DOMAIN);
  const describedBy = { args: { type: 'object', properties: {} } };
  commands.addCommand(SHOW_CONTEXT, {
    label: trans.__('Show the Context of This Cell'),
    caption: trans.__('Mark the cells that are sent before the question'),
    describedBy,
    isToggleable: true,
    isEnabled: () => badges.of(tracker.currentWidget) !== null,
    isToggled: () => badges.of(tracker.currentWidget)?.isContextShown === true,
    execute: () => {
      badges.of(tracker.currentWidget)?.toggleContext();
      commands.notifyCommandChanged(SHOW_CONTEXT);
    },
  });
  commands.addCommand(EXPLAIN_STATE, {
    label: trans.__('Explain the State of This Answer'),
    caption: trans.__('Why it is fresh or stale, and what to do'),
    describedBy,
    isEnabled: () => badges.of(tracker.currentWidget)?.hasBadge(tracker.activeCell) === true,
    execute: async () => {
      const cell = tracker.activeCell;
      await (cell === null ? null : badges.of(tracker.currentWidget)?.explain(cell));
    },
  });
  commands.addCommand(RUN_STALE, {
    label: trans.__('Run All Stale Cells…'),
    caption: trans.__('Ask again what no longer fits what stands above it, price first'),
    describedBy,
    isEnabled: () => badges.of(tracker.currentWidget) !== null,
    execute: async () => {
      await (tracker.currentWidget && badges.runStale(tracker.currentWidget));
    },
  });
}

interface Services {
  readonly states: IDocumentStates;
  readonly links: IKernelLinks;
  readonly translator: ITranslator;
  readonly dialogs: ISessionContextDialogs | undefined;
}

/** The badges of all open notebooks; loaded with the first notebook that has something to say. */
class Badges {
  readonly #services: Services;
  readonly #all = new Map<NotebookPanel, NotebookBadges>();

  constructor(services: Services) {
    this.#services = services;
  }

  of(panel: NotebookPanel | null): NotebookBadges | null {
    return (panel && this.#all.get(panel)) ?? null;
  }

  follow(panel: NotebookPanel): void {
    const state = this.#services.states.of(panel.context);
    if (state === null) {
      return;
    }
    const replays = new Replays();
    panel.sessionContext.iopubMessage.connect((_, message) => {
      if (replays.take(message)) {
        this.#all.get(panel)?.refresh();
      }
    });
    let isAdded = false;
    const add = (): void => {
      if (!isAdded && state.state !== null) {
        isAdded = true;
        void this.#add(panel, replays);
      }
    };
    state.changed.connect(add);
    panel.disposed.connect(() => {
      this.#all.delete(panel);
    });
    add();
  }

  async runStale(panel: NotebookPanel): Promise<void> {
    const { states, links, translator, dialogs } = this.#services;
    const state = states.of(panel.context);
    const [{ runStale }, { BadgeWords }] = await Promise.all([
      import('./run-stale'),
      import('./words'),
    ]);
    if (state !== null) {
      const trans = translator.load(DOMAIN);
      const isLinked = links.of(panel.context)?.state === 'open';
      const words = new BadgeWords(trans);
      await runStale({ panel, state, isLinked, words, trans, dialogs, translator });
    }
  }

  async #add(panel: NotebookPanel, replays: Replays): Promise<void> {
    const { states, links, translator, dialogs } = this.#services;
    const [{ NotebookBadges }, { runCell }, { BadgeWords }] = await Promise.all([
      import('./notebook-badges'),
      import('./run-stale'),
      import('./words'),
    ]);
    const state = states.of(panel.context);
    if (state === null || panel.isDisposed) {
      return;
    }
    const made = new NotebookBadges({
      notebook: panel.content,
      state,
      words: new BadgeWords(translator.load(DOMAIN)),
      seen: {
        isComing: (turn) => links.of(panel.context)?.streams.get(turn)?.state === 'running',
        isReplayed: (turn) => replays.has(turn),
      },
      run: (cell) => {
        void runCell(cell, { panel, dialogs, translator });
      },
      runStale: () => {
        void this.runStale(panel);
      },
    });
    this.#all.set(panel, made);
  }
}
