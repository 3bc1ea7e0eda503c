import type { INotebookModel } from '@jupyterlab/notebook';

/** The MIME type of turn records. */
export const RECORD = 'application/vnd.deepshi.turn+json';

/** Whether a source is a question. */
export function isQuestion(source: string): boolean {
  return /^%%deepshi\b/.test(source);
}

/** Whether a source asks, or loads or imports the package. */
function usesPackage(source: string): boolean {
  return /^%%?deepshi\b|\bdeepshi_jupyter\b/m.test(source);
}

/** Whether a notebook holds a cell that uses this package. */
export function holdsDeepshi(model: Pick<INotebookModel, 'cells'> | null): boolean {
  for (const cell of model?.cells ?? []) {
    if (cell.type === 'code' && usesPackage(cell.sharedModel.getSource())) {
      return true;
    }
  }
  return false;
}
