import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookTracker, type INotebookModel, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import { DOMAIN } from '../tokens';
import type { CellToSearch, CellWithKeys } from './notebook-keys';

/** How long the warning stays, in milliseconds. */
const SHOWN = 20_000;

/** Tells the user before a notebook is saved that a key stands in it; it is saved all the same. */
export const keyWarningPlugin: JupyterFrontEndPlugin<void> = {
  id: 'deepshi-jupyter:key-warning',
  description: 'Warns of keys in a notebook that is saved.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate(_app, tracker: INotebookTracker, translator: ITranslator | null): void {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    tracker.widgetAdded.connect((_, panel) => {
      const told = new Set<string>();
      panel.context.saveState.connect((context, state) => {
        if (state === 'started') {
          void warn(panel, context.model, told, trans);
        }
      });
    });
  },
};

/** Warn of what was not yet told; the search is loaded with the first save. */
async function warn(
  panel: NotebookPanel,
  model: INotebookModel,
  told: Set<string>,
  trans: TranslationBundle,
): Promise<void> {
  const searched = [...cellsOf(model)];
  const { cellsWithKeys } = await import('./notebook-keys');
  const found = cellsWithKeys(searched);
  const isNew = found.some((cell) => !told.has(keyOf(cell)));
  told.clear();
  found.forEach((cell) => told.add(keyOf(cell)));
  if (!isNew || found[0] === undefined) {
    return;
  }
  const first = found[0];
  Notification.warning(sentence(panel.context, found, trans), {
    autoClose: SHOWN,
    actions: [
      {
        label: trans.__('Show cell %1', first.number),
        callback: () => {
          const index = panel.content.widgets.findIndex(({ model: { id } }) => id === first.id);
          panel.content.activeCellIndex = Math.max(0, index);
          void panel.content.scrollToItem(Math.max(0, index));
        },
      },
    ],
  });
}

function keyOf({ id, kinds, parts }: CellWithKeys): string {
  return JSON.stringify([id, kinds, parts]);
}

function sentence(
  { localPath }: DocumentRegistry.Context,
  found: readonly CellWithKeys[],
  trans: TranslationBundle,
): string {
  const names = {
    source: trans.__('source'),
    outputs: trans.__('outputs'),
    metadata: trans.__('metadata'),
  };
  const places = found.map(({ number, kinds, parts }) =>
    trans.__(
      'cell %1 (%2, in its %3)',
      number,
      kinds.join(', '),
      parts.map((part) => names[part]).join(', '),
    ),
  );
  return trans.__(
    '%1 is saved with what looks like a key: %2. Revoke the key at its service, then take it out of the notebook.',
    localPath,
    places.join('; '),
  );
}

function* cellsOf(model: INotebookModel): Generator<CellToSearch> {
  for (const { sharedModel } of model.cells) {
    const cell = sharedModel.toJSON() as { outputs?: unknown; metadata?: unknown };
    yield {
      id: sharedModel.getId(),
      source: sharedModel.getSource(),
      outputs: cell.outputs,
      metadata: cell.metadata,
    };
  }
}
