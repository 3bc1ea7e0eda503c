import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { RECORD } from '../deepshi-cells';
import { IKernelLinks } from '../tokens';
import { TurnOutput } from './turn-output';

/** Below markdown's 60: the lower the rank, the more a renderer is preferred. */
const RANK = 10;

/** Shows answers in the outputs of cells, also while they come. */
export const rendererPlugin: JupyterFrontEndPlugin<void> = {
  id: 'deepshi-jupyter:renderer',
  description: 'Shows the answers of deepshi_jupyter.',
  autoStart: true,
  requires: [IKernelLinks, INotebookTracker, IRenderMimeRegistry],
  optional: [ITranslator],
  activate(
    _app,
    links: IKernelLinks,
    tracker: INotebookTracker,
    registry: IRenderMimeRegistry,
    translator: ITranslator | null,
  ): void {
    const words = (translator ?? nullTranslator).load('deepshi_jupyter');
    const translate = (sentence: string, ...values: string[]): string =>
      words.__(sentence, ...values);
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [RECORD],
        defaultRank: RANK,
        createRenderer: (options) => new TurnOutput(options, links, translate),
      },
      RANK,
    );
    tracker.widgetAdded.connect((_, { context }) => {
      const link = links.of(context);
      if (link !== null) {
        void import('./answer-outputs').then(({ AnswerOutputs }) => {
          AnswerOutputs.watch(context, link);
        });
      }
    });
  },
};
