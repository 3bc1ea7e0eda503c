import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';

import type { AnswerStream } from '../answer-stream';
import { RECORD } from '../deepshi-cells';
import { isObject, isText } from '../json-shape';
import type { KernelLink } from '../kernel-link';
import type { IKernelLinks } from '../tokens';
import type { TurnDisplay, Translate } from './turn-display';

/** The output of a question in a notebook; loads what draws it when it is first used. */
export class TurnOutput extends Widget implements IRenderMime.IRenderer {
  readonly #options: IRenderMime.IRendererOptions;
  readonly #links: IKernelLinks;
  readonly #translate: Translate;
  #link: KernelLink | null = null;
  #value: unknown = null;
  #display: TurnDisplay | null = null;

  constructor(options: IRenderMime.IRendererOptions, links: IKernelLinks, translate: Translate) {
    super();
    this.#options = options;
    this.#links = links;
    this.#translate = translate;
    this.addClass('deepshi-turn-output');
  }

  /** Show the record of an output; called again each time the output is written. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.#value = model.data[RECORD];
    this.#display ??= await this.#load();
    if (!this.isDisposed) {
      this.#findLink();
      this.#show();
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.#link?.streamAdded.disconnect(this.#onStream, this);
      this.#links.added.disconnect(this.#findLink, this);
      this.#display?.dispose();
      super.dispose();
    }
  }

  async #load(): Promise<TurnDisplay> {
    const [{ TurnDisplay }, { TypesetMath }] = await Promise.all([
      import('./turn-display'),
      import('./typeset-math'),
    ]);
    const { latexTypesetter } = this.#options;
    const math = latexTypesetter === null ? undefined : new TypesetMath(latexTypesetter).hook;
    const display =
      this.#display ?? new TurnDisplay({ math, translate: this.#translate, stop: this.#stop });
    this.node.append(display.node);
    return display;
  }

  readonly #stop = async (turn: string): Promise<boolean> =>
    (await this.#link?.stop({ turn })) ?? false;

  #show(): void {
    this.#display?.show(this.#value, this.#stream());
  }

  #stream(): AnswerStream | null {
    const turn = isObject(this.#value) ? this.#value['id'] : null;
    return isText(turn) ? (this.#link?.streams.get(turn) ?? null) : null;
  }

  #findLink(): void {
    if (this.#link === null) {
      this.#link = this.#links.ofResolver(this.#options.resolver);
      this.#link?.streamAdded.connect(this.#onStream, this);
      this.#links.added.disconnect(this.#findLink, this);
      if (this.#link === null) {
        this.#links.added.connect(this.#findLink, this);
      }
    }
  }

  #onStream(_: KernelLink, stream: AnswerStream): void {
    if (stream === this.#stream()) {
      this.#show();
    }
  }
}
