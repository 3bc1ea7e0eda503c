/**
 * Colours in a `%%deepshi` cell: its first line as a magic line, `{{…}}` as Python.
 *
 * The body has the colours of markdown by the cell's MIME type (`cell-language.ts`). What is marked here
 * lies on top of that, also in code blocks and tables, as the kernel reads `{{…}}` everywhere.
 */

import { Prec, StateEffect, type EditorState, type Extension, type Range } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  ViewPlugin,
  WidgetType,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view';

import { asksAt, magicLineOf } from './first-line';

/** Gives the marks of a `%%deepshi` cell, of which a part is shown. */
export type Marker = (
  state: EditorState,
  visible: readonly { from: number; to: number }[],
) => Range<Decoration>[];

/** What the colours need of the page. */
export interface Surroundings {
  /** Loads what makes the marks, with the first `%%deepshi` cell. */
  marker: () => Promise<Marker>;
  /** Makes what stands at the end of the first line. */
  button: (view: EditorView) => HTMLElement;
}

const markerLoaded = StateEffect.define();

/** Return the extension of an editor. */
export function magicHighlighting(surroundings: Surroundings): Extension {
  const plugin = ViewPlugin.define((view) => new MagicHighlighting(view, surroundings), {
    decorations: ({ decorations }) => decorations,
  });
  return [Prec.highest(plugin), look];
}

class MagicHighlighting {
  decorations: DecorationSet = Decoration.none;
  readonly #surroundings: Surroundings;
  readonly #button: Decoration;
  #marker: Marker | null = null;
  #isAsked = false;
  #isGone = false;

  constructor(view: EditorView, surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#button = Decoration.widget({ widget: new ButtonWidget(surroundings.button), side: 1 });
    this.#draw(view);
  }

  update(update: ViewUpdate): void {
    const isOther = update.transactions.some(
      (one) => one.reconfigured || one.effects.some((effect) => effect.is(markerLoaded)),
    );
    if (update.docChanged || update.viewportChanged || isOther) {
      this.#draw(update.view);
    }
  }

  destroy(): void {
    this.#isGone = true;
  }

  #draw(view: EditorView): void {
    const { state, visibleRanges } = view;
    if (!asksAt(state.doc.iterLines())) {
      this.decorations = Decoration.none;
      return;
    }
    if (this.#marker === null) {
      this.#load(view);
    }
    const end = magicLineOf(state.doc.toString())?.to ?? 0;
    const marks = this.#marker?.(state, visibleRanges) ?? [];
    this.decorations = Decoration.set([...marks, this.#button.range(end)], true);
  }

  #load(view: EditorView): void {
    if (this.#isAsked) {
      return;
    }
    this.#isAsked = true;
    void this.#surroundings.marker().then((marker) => {
      this.#marker = marker;
      if (!this.#isGone) {
        view.dispatch({ effects: markerLoaded.of(null) });
      }
    });
  }
}

class ButtonWidget extends WidgetType {
  readonly #make: (view: EditorView) => HTMLElement;

  constructor(make: (view: EditorView) => HTMLElement) {
    super();
    this.#make = make;
  }

  override eq(): boolean {
    return true;
  }

  override toDOM(view: EditorView): HTMLElement {
    return this.#make(view);
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const PLAIN = { fontStyle: 'normal', fontWeight: 'normal', textDecoration: 'none' };

const look = EditorView.baseTheme({
  '.deepshi-magic, .deepshi-option, .deepshi-value': PLAIN,
  '.deepshi-expression': {
    ...PLAIN,
    borderRadius: '2px',
    background: 'color-mix(in srgb, var(--jp-brand-color1) 12%, transparent)',
    color: 'var(--jp-mirror-editor-variable-color)',
  },
  // What markdown takes for a link, as in {{table[0](1)}}; an underline cannot be taken off from within.
  '.cm-line span:has(.deepshi-expression)': { textDecoration: 'none' },
  '.deepshi-sliders-button': {
    display: 'none',
    verticalAlign: 'middle',
    alignItems: 'center',
    height: '16px',
    margin: '0 0 0 8px',
    padding: '0 2px',
    border: '0',
    borderRadius: 'var(--jp-border-radius, 2px)',
    background: 'transparent',
    cursor: 'pointer',
    opacity: '0.6',
  },
  '.jp-Notebook & .deepshi-sliders-button': { display: 'inline-flex' },
  '.deepshi-sliders-button:hover': { background: 'var(--jp-layout-color3)', opacity: '1' },
});
