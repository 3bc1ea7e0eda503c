import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { isCodeCellModel, type ICellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookTracker, type INotebookModel } from '@jupyterlab/notebook';

import { holdsDeepshi } from '../deepshi-cells';
import { IDocumentStates } from '../tokens';
import { DocumentCells } from './document-cells';
import { StateOfDocument } from './state-of-document';

/** Knows what is fresh and what is stale in each open notebook. */
export const documentStatesPlugin: JupyterFrontEndPlugin<IDocumentStates> = {
  id: 'deepshi-jupyter:states',
  description: 'Knows which answers still fit what stands above them.',
  autoStart: true,
  requires: [INotebookTracker],
  provides: IDocumentStates,
  activate(_app, tracker: INotebookTracker): IDocumentStates {
    const states = new Map<DocumentRegistry.Context, StateOfDocument>();
    tracker.widgetAdded.connect((_, { context }) => {
      if (!states.has(context)) {
        follow(context, states);
      }
    });
    return { of: (context) => states.get(context) ?? null };
  },
};

function follow(
  context: DocumentRegistry.IContext<INotebookModel>,
  states: Map<DocumentRegistry.Context, StateOfDocument>,
): void {
  const { model } = context;
  const cells = new DocumentCells(model.sharedModel);
  const state = new StateOfDocument({ cells: () => cells.cells, load });
  states.set(context, state);
  const touch = (): void => {
    if (state.state !== null || holdsDeepshi(model)) {
      state.touch(); // a notebook without questions costs nothing
    }
  };
  cells.changed.connect(touch);
  watchOutputs(model, (id) => {
    cells.outputsChanged(id);
  });
  void context.ready.then(touch);
  context.disposed.connect(() => {
    states.delete(context);
    state.dispose();
    cells.dispose();
  });
}

function watchOutputs({ cells }: INotebookModel, changed: (id: string) => void): void {
  const watched = new WeakSet<ICellModel>();
  const watch = (): void => {
    for (const cell of cells) {
      if (isCodeCellModel(cell) && !watched.has(cell)) {
        watched.add(cell);
        cell.outputs.changed.connect(() => {
          changed(cell.id);
        });
      }
    }
  };
  cells.changed.connect(watch);
  watch();
}

async function load(): Promise<(typeof import('../state/document-state'))['documentState']> {
  return (await import('../state/document-state')).documentState;
}
