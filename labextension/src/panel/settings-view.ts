import { cleanText } from '../clean-text';
import { button, make } from '../elements';
import type { Model, Parameter, Settings } from './messages';
import { placeChildren } from '../transcript-view';
import { Menu } from './menu';
import { ModelMenu } from './model-menu';
import { newId } from './new-id';
import { parameterField, type OnSet } from './parameter-field';
import { words } from './words';

export interface SettingsActs {
  set: OnSet;
  refreshModels: () => void;
  export: (format: string) => void;
}

/** The line on top of a panel: model, parameters behind a fold, export. */
export class SettingsView {
  readonly node = make('div', 'deepshi-settings');
  readonly #models: ModelMenu;
  readonly #fold: HTMLButtonElement;
  readonly #fields = make('fieldset', 'deepshi-parameters');
  readonly #shown = new Map<string, { as: string; node: HTMLElement }>();
  readonly #facts = make('span', 'deepshi-state');
  readonly #export: Menu;
  readonly #onSet: OnSet;

  constructor(acts: SettingsActs) {
    this.#onSet = acts.set;
    this.#models = new ModelMenu({
      choose: (id) => {
        acts.set('model', id);
      },
      refresh: acts.refreshModels,
    });
    this.#export = new Menu(words.export, Object.entries(words.formats), acts.export);
    this.#fields.id = `deepshi-${newId()}`;
    this.#fields.hidden = true;
    this.#fields.ariaLabel = words.parameters;
    this.#fold = button(words.parameters, 'deepshi-flat deepshi-opens', () => {
      this.#fields.hidden = !this.#fields.hidden;
      this.#fold.ariaExpanded = String(!this.#fields.hidden);
    });
    this.#fold.ariaExpanded = 'false';
    this.#fold.setAttribute('aria-controls', this.#fields.id);
    this.#export.button.classList.add('deepshi-flat');
    const right = make('div', 'deepshi-tools', this.#facts, this.#fold, this.#export.node);
    this.node.append(make('div', 'deepshi-bar', this.#models.node, right), this.#fields);
  }

  set isEnabled(isEnabled: boolean) {
    this.#models.button.disabled = !isEnabled;
    this.#export.button.disabled = !isEnabled;
    this.#fields.disabled = !isEnabled;
  }

  set models(models: { models: Model[]; error: string }) {
    this.#models.models = models;
  }

  set settings(settings: Settings) {
    this.#models.chosen = settings.model;
    this.#facts.replaceChildren(...factsOf(settings));
    const all = [systemOf(settings), ...settings.parameters];
    placeChildren(
      this.#fields,
      all.map((parameter) => this.#field(parameter)),
    );
  }

  /** Return the field of a parameter; one that has not changed stays, as somebody may write in it. */
  #field(parameter: Parameter): HTMLElement {
    const as = JSON.stringify(parameter);
    const known = this.#shown.get(parameter.name);
    if (known?.as === as) {
      return known.node;
    }
    const node = parameterField(parameter, this.#onSet);
    this.#shown.set(parameter.name, { as, node });
    return node;
  }
}

function systemOf({ system }: Settings): Parameter {
  return {
    name: 'system',
    label: words.system,
    help: words.systemHelp,
    min: null,
    max: null,
    step: null,
    integer: false,
    kind: 'long',
    value: system === '' ? null : system,
    source: '',
    ignored: '',
  };
}

function factsOf({ chat, mode, offline }: Settings): Node[] {
  const facts: Node[] = [];
  if (chat !== '' && chat !== 'main') {
    facts.push(make('span', '', words.conversation(cleanText(chat))));
  }
  if (mode !== '' && mode !== 'live') {
    facts.push(make('span', 'deepshi-tag', words.mode(cleanText(mode))));
  }
  if (offline) {
    const tag = make('span', 'deepshi-tag', words.offline);
    tag.title = words.offlineHelp;
    facts.push(tag);
  }
  return facts;
}
