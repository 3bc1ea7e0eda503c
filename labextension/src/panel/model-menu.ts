import { cleanText } from '../clean-text';
import { button, make } from '../elements';
import type { Model } from './messages';
import { factsOf } from './model-words';
import { newId } from './new-id';
import { Popup } from './popup';
import { words } from './words';

/** More models than this are searched and not looked through. */
const MANY = 12;

export interface ModelActs {
  choose: (id: string) => void;
  refresh: () => void;
}

/** A row of the list: a model, or the name that was typed. */
interface Row {
  id: string;
  title: string;
  facts: string;
}

/** Chooses the model: a button, and a list with what each model can do and costs. */
export class ModelMenu {
  readonly node = make('div', 'deepshi-model');
  readonly button: HTMLButtonElement;
  readonly #name = make('span', 'deepshi-name');
  readonly #facts = make('span', 'deepshi-facts');
  readonly #popup: Popup;
  readonly #search = make('input', 'deepshi-field');
  readonly #list = make('ul', 'deepshi-list');
  readonly #note = make('p', 'deepshi-quiet');
  readonly #acts: ModelActs;
  readonly #id = `deepshi-${newId()}`;
  #models: Model[] = [];
  #error = '';
  #chosen = '';
  #rows: Row[] = [];
  #active = 0;

  constructor(acts: ModelActs) {
    this.#acts = acts;
    this.button = button('', 'deepshi-opens', () => {
      this.#toggle();
    });
    this.button.append(this.#name);
    this.button.ariaHasPopup = 'dialog';
    this.#popup = new Popup(this.button);
    this.#setUpPopup();
    this.node.append(this.button, this.#facts, this.#popup.node);
    this.chosen = '';
  }

  set models({ models, error }: { models: Model[]; error: string }) {
    this.#models = models;
    this.#error = error;
    this.chosen = this.#chosen;
    this.#fill();
  }

  set chosen(id: string) {
    this.#chosen = id;
    const model = this.#models.find((each) => each.id === id);
    const name = cleanText(model?.name ?? id) || words.noModel;
    this.#name.textContent = name;
    this.button.ariaLabel = `${words.model}: ${name}`;
    this.#facts.textContent = model === undefined ? '' : cleanText(factsOf(model));
  }

  #setUpPopup(): void {
    const { node } = this.#popup;
    node.role = 'dialog';
    node.ariaLabel = words.models;
    this.#search.type = 'search';
    this.#search.placeholder = words.searchModels;
    this.#search.ariaLabel = words.searchModels;
    this.#search.role = 'combobox';
    this.#search.ariaExpanded = 'true';
    this.#search.ariaAutoComplete = 'list';
    this.#search.setAttribute('aria-controls', this.#id);
    this.#search.addEventListener('input', () => {
      this.#fill();
    });
    this.#list.id = this.#id;
    this.#list.role = 'listbox';
    this.#list.ariaLabel = words.models;
    node.addEventListener('keydown', (event) => {
      this.#pressed(event);
    });
    const refresh = button(words.refreshModels, 'deepshi-flat', () => {
      this.#acts.refresh();
    });
    node.append(this.#search, this.#list, this.#note, refresh);
  }

  #toggle(): void {
    if (this.#popup.isOpen) {
      this.#popup.close();
      return;
    }
    this.#search.value = '';
    this.#search.hidden = this.#models.length > 0 && this.#models.length <= MANY;
    this.#list.tabIndex = this.#search.hidden ? 0 : -1;
    this.#fill();
    this.#popup.open();
    this.#holder().focus();
    this.#activate(
      Math.max(
        0,
        this.#rows.findIndex(({ id }) => id === this.#chosen),
      ),
    );
  }

  /** The element that has the focus while rows are walked through. */
  #holder(): HTMLElement {
    return this.#search.hidden ? this.#list : this.#search;
  }

  #fill(): void {
    const wanted = this.#search.value.trim();
    this.#rows = rowsFor(this.#models, wanted);
    this.#list.replaceChildren(...this.#rows.map((row, index) => this.#option(row, index)));
    this.#list.hidden = this.#rows.length === 0;
    this.#note.textContent = cleanText(this.#error) || this.#absence(wanted);
    this.#note.hidden = this.#note.textContent === '';
    this.#activate(0);
  }

  #absence(wanted: string): string {
    if (this.#models.length === 0) {
      return words.noModels;
    }
    return matching(this.#models, wanted).length === 0 ? words.noModelFound : '';
  }

  #option({ id, title, facts }: Row, index: number): HTMLElement {
    const option = make('li', 'deepshi-option', make('span', 'deepshi-name', cleanText(title)));
    if (facts !== '') {
      option.append(make('span', 'deepshi-facts', cleanText(facts)));
    }
    option.id = `${this.#id}-${index}`;
    option.role = 'option';
    option.ariaSelected = String(id === this.#chosen);
    option.addEventListener('click', () => {
      this.#choose(id);
    });
    return option;
  }

  #pressed(event: KeyboardEvent): void {
    if (event.isComposing || !this.#holder().matches(':focus')) {
      return;
    }
    const last = this.#rows.length - 1;
    const to: Record<string, number> = {
      ArrowDown: this.#active < last ? this.#active + 1 : 0,
      ArrowUp: this.#active > 0 ? this.#active - 1 : last,
      ...(this.#search.hidden ? { Home: 0, End: last } : {}),
    };
    const next = to[event.key];
    if (next !== undefined) {
      this.#activate(next);
      event.preventDefault();
    } else if (event.key === 'Enter' || (event.key === ' ' && this.#search.hidden)) {
      const row = this.#rows[this.#active];
      if (row !== undefined) {
        this.#choose(row.id);
      }
      event.preventDefault();
    }
  }

  #activate(index: number): void {
    this.#list.children[this.#active]?.classList.remove('deepshi-active');
    this.#active = index;
    const option = this.#list.children[index];
    option?.classList.add('deepshi-active');
    for (const element of [this.#search, this.#list]) {
      if (option === undefined) {
        element.removeAttribute('aria-activedescendant');
      } else {
        element.setAttribute('aria-activedescendant', option.id);
      }
    }
    if (this.#popup.isOpen) {
      option?.scrollIntoView({ block: 'nearest' });
    }
  }

  #choose(id: string): void {
    this.#popup.close();
    if (id !== this.#chosen) {
      this.#acts.choose(id);
    }
  }
}

function rowsFor(models: Model[], wanted: string): Row[] {
  const rows: Row[] = matching(models, wanted).map((model) => ({
    id: model.id,
    title: model.name,
    facts: [model.name === model.id ? '' : model.id, factsOf(model)].filter(Boolean).join(' · '),
  }));
  if (wanted !== '' && !models.some(({ id }) => id === wanted)) {
    rows.push({ id: wanted, title: words.useModel(wanted), facts: '' });
  }
  return rows;
}

function matching(models: Model[], wanted: string): Model[] {
  const parts = wanted.toLowerCase().split(/\s+/);
  return models.filter((model) => {
    const all = [model.id, model.name, ...model.features].join(' ').toLowerCase();
    return parts.every((part) => all.includes(part));
  });
}
