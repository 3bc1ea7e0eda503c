import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { IEditorExtensionRegistry, IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { EditorView } from '@codemirror/view';

import type { LineEdit } from '../protocol';
import { DOMAIN, IKernelLinks } from '../tokens';
import { followLanguages } from './cell-language';
import { magicLineOf } from './first-line';
import { magicHighlighting, type Marker } from './highlighting';
import { slidersIcon } from './icon';
import { applyLineEdit } from './line-edits';
import type { Sliders } from './sliders';

const EDIT_PARAMETERS = 'deepshi:edit-parameters';

/** Colours, sliders and edits of the first line in `%%deepshi` cells. */
export const editingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'deepshi-jupyter:editing',
  description: 'Colours and parameters of %%deepshi cells.',
  autoStart: true,
  requires: [INotebookTracker, IKernelLinks, IEditorExtensionRegistry, IEditorLanguageRegistry],
  optional: [ICommandPalette, ITranslator],
  activate(
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    links: IKernelLinks,
    extensions: IEditorExtensionRegistry,
    languages: IEditorLanguageRegistry,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
  ): void {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    let sliders: Sliders | null = null;
    const toggle = async (cell: Cell | null): Promise<void> => {
      const panel = tracker.currentWidget;
      if (panel !== null && cell !== null && asks(cell)) {
        const loaded = await import('./sliders');
        sliders ??= new loaded.Sliders(links, trans);
        sliders.toggle(panel, cell);
      }
    };
    const button = (view: EditorView): HTMLElement =>
      slidersButton(trans.__('Parameters'), () => {
        void toggle(cellOf(view, tracker));
      });
    const extension = magicHighlighting({ marker: once(() => loadMarker(languages)), button });
    extensions.addExtension({
      name: 'deepshi-jupyter:magic',
      factory: () => ({ instance: () => extension, reconfigure: () => null }),
    });
    tracker.widgetAdded.connect((_, panel) => {
      followCells(panel);
      followEdits(panel, links);
    });
    tracker.currentChanged.connect(() => {
      sliders?.close();
    });
    app.commands.addCommand(EDIT_PARAMETERS, {
      label: trans.__('Edit Parameters of the Question…'),
      caption: trans.__('Sliders for the first line of a %%deepshi cell'),
      icon: slidersIcon,
      isEnabled: () => asks(tracker.activeCell),
      execute: () => toggle(tracker.activeCell),
      describedBy: { args: { type: 'object', properties: {} } },
    });
    palette?.addItem({ command: EDIT_PARAMETERS, category: 'Deepshi' });
  },
};

function asks(cell: Cell | null): boolean {
  return cell?.model.type === 'code' && magicLineOf(cell.model.sharedModel.getSource()) !== null;
}

/** Return the cell of an editor; null if it is in no notebook. */
function cellOf(view: EditorView, tracker: INotebookTracker): Cell | null {
  const cells = tracker.currentWidget?.content.widgets ?? [];
  return cells.find(({ node }) => node.contains(view.dom)) ?? null;
}

function once<Result>(make: () => Result): () => Result {
  let made: { result: Result } | null = null;
  return () => (made ??= { result: make() }).result;
}

async function loadMarker(languages: IEditorLanguageRegistry): Promise<Marker> {
  const { marksOf } = await import('./marks');
  const python = (await languages.getLanguage('python'))?.support?.language.parser ?? null;
  return (state, visible) => marksOf(state, visible, python);
}

/** Return the button at the end of a first line; the keyboard has the command instead. */
function slidersButton(label: string, pressed: () => void): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'deepshi-sliders-button';
  button.tabIndex = -1;
  button.ariaLabel = label;
  button.title = label;
  slidersIcon.element({ container: button });
  button.addEventListener('mousedown', (event) => {
    event.preventDefault(); // the focus stays where it is
  });
  button.addEventListener('click', pressed);
  return button;
}

function followCells({ content }: NotebookPanel): void {
  const follow = (): void => {
    if (content.model !== null) {
      followLanguages(content.model.cells, () => content.codeMimetype);
    }
  };
  content.modelChanged.connect(follow);
  follow();
}

function followEdits({ context, content }: NotebookPanel, links: IKernelLinks): void {
  const link = links.of(context);
  const apply = (_: unknown, edit: LineEdit): void => {
    applyLineEdit(content.model?.sharedModel.cells ?? [], edit);
  };
  link?.lineEdited.connect(apply);
  content.disposed.connect(() => {
    link?.lineEdited.disconnect(apply);
  });
}
