import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { holdsDeepshi } from './deepshi-cells';
import { KernelLinks } from './kernel-links';
import { IKernelLinks } from './tokens';

/** Links every open notebook to its kernel. */
export const kernelLinksPlugin: JupyterFrontEndPlugin<IKernelLinks> = {
  id: 'deepshi-jupyter:links',
  description: 'Links notebooks to deepshi_jupyter in their kernels.',
  autoStart: true,
  requires: [INotebookTracker],
  provides: IKernelLinks,
  activate(_app, tracker: INotebookTracker): IKernelLinks {
    const links = new KernelLinks();
    tracker.widgetAdded.connect((_, { context }) => {
      links.add(context, () => holdsDeepshi(context.model));
    });
    return links;
  },
};
