import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookTracker, NotebookActions, type INotebookModel } from '@jupyterlab/notebook';

import type { CellOrder, SourceOfCell } from './cell-order';
import type { KernelLink } from './kernel-link';
import { IKernelLinks } from './tokens';

type NotebookContext = DocumentRegistry.IContext<INotebookModel>;

/**
 * Tells the kernel the order of cells before cells run.
 *
 * `NotebookActions.executionScheduled` is emitted in the same task as, and right before, JupyterLab's executor
 * sends the request to execute (`cellexecutor.ts`, `runCell`: `onCellExecutionScheduled` and then
 * `CodeCell.execute`, which sends before it first waits). Both go over one socket, so the order is in
 * the kernel before the request is. Every way to run cells goes through it, Notebook 7 included.
 */
export const orderPlugin: JupyterFrontEndPlugin<void> = {
  id: 'deepshi-jupyter:order',
  description: 'Tells the kernel the order of cells.',
  autoStart: true,
  requires: [IKernelLinks, INotebookTracker],
  activate(_app, links: IKernelLinks, tracker: INotebookTracker): void {
    const orders = new Map<INotebookModel, CellOrder>();
    tracker.widgetAdded.connect((_, { context }) => {
      const link = links.of(context);
      if (link !== null) {
        void follow(link, context, orders);
      }
    });
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      const order = notebook.model === null ? undefined : orders.get(notebook.model);
      order?.runs(cell.model.sharedModel.getId());
    });
  },
};

/** Follow a notebook; a second view of it changes nothing. */
async function follow(
  link: KernelLink,
  context: NotebookContext,
  orders: Map<INotebookModel, CellOrder>,
): Promise<void> {
  const { CellOrder } = await import('./cell-order');
  const { model } = context;
  if (context.isDisposed || orders.has(model)) {
    return;
  }
  const order = new CellOrder({
    cells: () => sourcesOf(model),
    send: (told) => {
      link.openIfWanted(); // for a notebook that has just got its first question
      link.sendOrder(told);
    },
  });
  orders.set(model, order);
  model.contentChanged.connect(() => {
    order.changed();
  });
  link.welcomed.connect(() => {
    order.tellAll();
  });
  context.disposed.connect(() => {
    order.dispose();
    orders.delete(model);
  });
  order.tellAll(); // nothing, unless the link was faster
}

function* sourcesOf(model: INotebookModel): Generator<SourceOfCell> {
  for (const { sharedModel } of model.cells) {
    yield { id: sharedModel.getId(), source: sharedModel.getSource() };
  }
}
