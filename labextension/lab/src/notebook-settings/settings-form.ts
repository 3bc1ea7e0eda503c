import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { make } from '../../../src/elements';
import type { NotebookSettings } from '../protocol';
import { MODES, readParameters } from './notebook-settings';

/** The fields of the settings of one notebook, as the body of a dialog. */
export class SettingsForm extends Widget {
  readonly #trans: TranslationBundle;
  readonly #model = make('input', 'jp-mod-styled');
  readonly #mode = make('select', 'jp-mod-styled');
  readonly #system = make('textarea', 'jp-mod-styled');
  readonly #parameters = make('textarea', 'jp-mod-styled');
  readonly #problem = make('p', 'deepshi-form-problem');

  constructor(settings: NotebookSettings, models: readonly string[], trans: TranslationBundle) {
    super({ node: make('form', 'deepshi-form') });
    this.#trans = trans;
    this.#fill(settings, models);
    this.#problem.role = 'alert';
    this.node.append(
      this.#field(
        trans.__('Model'),
        this.#model,
        trans.__('Empty: the one that is set in the kernel.'),
      ),
      this.#field(trans.__('Where answers come from'), this.#mode, ''),
      this.#field(trans.__('System prompt'), this.#system, ''),
      this.#field(
        trans.__('Parameters'),
        this.#parameters,
        trans.__('A JSON object; what is left out is not sent.'),
      ),
      this.#problem,
    );
    this.#parameters.addEventListener('input', () => {
      this.#check();
    });
  }

  /** What the fields say; null while the parameters cannot be read. */
  getValue(): NotebookSettings | null {
    const parameters = readParameters(this.#parameters.value);
    if (isProblem(parameters)) {
      return null;
    }
    return {
      model: this.#model.value.trim() || null,
      mode: this.#mode.value || null,
      system: this.#system.value || null,
      parameters,
    };
  }

  #fill(settings: NotebookSettings, models: readonly string[]): void {
    const known = make('datalist', '', ...models.map((id) => option(id, '')));
    known.id = 'deepshi-models';
    this.node.append(known);
    this.#model.setAttribute('list', known.id);
    this.#model.value = settings.model ?? '';
    this.#mode.append(option('', this.#trans.__('as set in the kernel')));
    this.#mode.append(...MODES.map((mode) => option(mode, mode)));
    this.#mode.value = settings.mode ?? '';
    this.#system.value = settings.system ?? '';
    this.#system.rows = 4;
    this.#parameters.rows = 4;
    this.#parameters.spellcheck = false;
    const isEmpty = Object.keys(settings.parameters).length === 0;
    this.#parameters.value = isEmpty ? '' : JSON.stringify(settings.parameters, null, 2);
  }

  #field(name: string, control: HTMLElement, help: string): HTMLLabelElement {
    const label = make('label', 'deepshi-form-field', make('span', '', name), control);
    if (help !== '') {
      label.append(make('small', '', help));
    }
    return label;
  }

  #check(): void {
    const read = readParameters(this.#parameters.value);
    this.#problem.textContent = isProblem(read) ? `${read.what} ${read.todo}` : '';
    this.#parameters.ariaInvalid = String(isProblem(read));
  }
}

function isProblem(read: object): read is { what: string; todo: string } {
  return 'what' in read && 'todo' in read;
}

function option(value: string, label: string): HTMLOptionElement {
  const made = make('option', '', label);
  made.value = value;
  return made;
}
