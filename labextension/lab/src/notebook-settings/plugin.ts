import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookTracker, type INotebookModel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import type { KernelLink } from '../kernel-link';
import { LinkError } from '../pending-requests';
import { DOMAIN, IKernelLinks } from '../tokens';
import { KEY, readSettings, withSettings } from './notebook-settings';

export const COMMAND = 'deepshi:notebook-settings';

/** Keeps the settings of a conversation in its notebook, and tells them to the kernel. */
export const notebookSettingsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'deepshi-jupyter:notebook-settings',
  description: 'Keeps model, parameters, system prompt and mode in the notebook.',
  autoStart: true,
  requires: [IKernelLinks, INotebookTracker],
  optional: [ITranslator, ICommandPalette],
  activate(
    app,
    links: IKernelLinks,
    tracker: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ): void {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    tracker.widgetAdded.connect((_, { context }) => {
      const link = links.of(context);
      if (link !== null) {
        follow(link, context.model);
      }
    });
    app.commands.addCommand(COMMAND, {
      label: trans.__('Conversation Settings of This Notebook…'),
      caption: trans.__('Model, parameters, system prompt and mode, kept in the notebook'),
      isEnabled: () => tracker.currentWidget !== null,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        const context = tracker.currentWidget?.context;
        if (context !== undefined) {
          await edit(context, links.of(context), trans);
        }
      },
    });
    palette?.addItem({ command: COMMAND, category: trans.__('Deepshi') });
  },
};

function follow(link: KernelLink, model: INotebookModel): void {
  const tell = (): void => {
    void tellKernel(link, model);
  };
  link.welcomed.connect(tell);
  model.metadataChanged.connect((_, { key }) => {
    if (key === KEY) {
      tell();
    }
  });
}

async function tellKernel(link: KernelLink, model: INotebookModel): Promise<void> {
  if (link.state !== 'open') {
    return; // it is told when the kernel welcomes
  }
  try {
    const { errors } = await link.request('settings', readSettings(model.getMetadata(KEY)));
    errors.forEach(({ what, todo }) => Notification.error(`${what} ${todo}`));
  } catch (error) {
    if (!(error instanceof LinkError)) {
      throw error;
    }
  }
}

async function edit(
  { model }: DocumentRegistry.IContext<INotebookModel>,
  link: KernelLink | null,
  trans: TranslationBundle,
): Promise<void> {
  const { SettingsForm } = await import('./settings-form');
  const form = new SettingsForm(readSettings(model.getMetadata(KEY)), await models(link), trans);
  const answer = await showDialog({
    title: trans.__('Conversation settings of this notebook'),
    body: form,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Keep') })],
    checkbox: null,
  });
  if (!answer.button.accept) {
    return;
  }
  if (answer.value === null) {
    Notification.error(trans.__('The parameters are not a JSON object, so nothing was changed.'));
    return;
  }
  const kept = withSettings(model.getMetadata(KEY), answer.value);
  if (kept === null) {
    model.deleteMetadata(KEY);
  } else {
    model.setMetadata(KEY, kept);
  }
}

async function models(link: KernelLink | null): Promise<readonly string[]> {
  try {
    return (await link?.request('status', { cell: null }))?.models ?? [];
  } catch {
    return [];
  }
}
