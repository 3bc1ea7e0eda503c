import type { ICodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IMimeBundle } from '@jupyterlab/nbformat';
import type { INotebookModel } from '@jupyterlab/notebook';
import { KernelMessage } from '@jupyterlab/services';

import { pageClock } from '../../../src/clock';
import type { AnswerStream } from '../answer-stream';
import { RECORD } from '../deepshi-cells';
import { isObject } from '../json-shape';
import type { KernelLink } from '../kernel-link';

/** So long after the end of a stream its last output has arrived, or was lost. */
const LATE = 1500;

type NotebookContext = DocumentRegistry.IContext<INotebookModel>;

const watched = new WeakSet<NotebookContext>();

/**
 * Writes answers into outputs where JupyterLab does not.
 *
 * After a reload of the page nothing that a running cell displays arrives in it. So an answer that is
 * under way gets an output of its own, which takes what the kernel displays under the same turn. And where
 * the last output of an answer was lost, the kernel is asked for it.
 */
export class AnswerOutputs {
  readonly #context: NotebookContext;
  readonly #link: KernelLink;
  readonly #adopted = new Set<string>();

  private constructor(context: NotebookContext, link: KernelLink) {
    this.#context = context;
    this.#link = link;
    link.streamAdopted.connect((_, stream) => {
      this.#adopted.add(stream.turn);
      void context.ready.then(() => {
        this.#giveOutput(stream);
      });
    });
    link.streamAdded.connect((_, stream) => {
      stream.stateChanged.connect(() => {
        this.#checkLater(stream);
      });
    });
    context.sessionContext.iopubMessage.connect((_, message) => {
      this.#take(message as KernelMessage.IIOPubMessage);
    });
  }

  /** Watch over a notebook, once for all its views. */
  static watch(context: NotebookContext, link: KernelLink): void {
    if (!watched.has(context)) {
      watched.add(context);
      new AnswerOutputs(context, link);
    }
  }

  /** Give an answer that another page began an output in its cell. */
  #giveOutput({ turn, cell, state }: AnswerStream): void {
    const model = this.#cell(cell);
    if (model !== null && state === 'running' && !holds(model, turn)) {
      model.outputs.clear();
      model.outputs.add({ output_type: 'display_data', metadata: {}, data: beginning(turn) });
    }
  }

  /** Take what the kernel displays of an adopted turn: no cell of this page waits for it. */
  #take(message: KernelMessage.IIOPubMessage): void {
    if (this.#adopted.size === 0 || !isDisplay(message)) {
      return;
    }
    const { data } = message.content;
    const turn = turnOf(data[RECORD]);
    if (this.#adopted.has(turn)) {
      this.#write(turn, data);
    }
  }

  #checkLater({ turn, state }: AnswerStream): void {
    if (state === 'ended') {
      pageClock.after(LATE, () => {
        void this.#repair(turn);
      });
    }
  }

  /** Ask for the answer where its output still says that it is coming. */
  async #repair(turn: string): Promise<void> {
    const isLost = this.#places(turn).some(({ isComing }) => isComing);
    if (this.#context.isDisposed || !isLost) {
      return;
    }
    try {
      const { versions } = await this.#link.request('versions', { turn });
      const found = versions.find((version) => version.turn === turn);
      if (found !== undefined) {
        this.#write(turn, found.bundle as IMimeBundle);
      }
    } catch {
      // What came of the text is shown; the journal has the rest (%deepshi restore).
    }
  }

  #write(turn: string, data: IMimeBundle): void {
    for (const { model, at } of this.#places(turn)) {
      model.outputs.set(at, { output_type: 'display_data', metadata: {}, data });
    }
  }

  /** Where the answer of a turn stands. */
  #places(turn: string): { model: ICodeCellModel; at: number; isComing: boolean }[] {
    return codeCells(this.#context.model).flatMap((model) =>
      recordsOf(model).flatMap((record, at) =>
        turnOf(record) === turn
          ? [{ model, at, isComing: isObject(record) && record['stream'] === true }]
          : [],
      ),
    );
  }

  #cell(id: string): ICodeCellModel | null {
    return (
      codeCells(this.#context.model).find(({ sharedModel }) => sharedModel.getId() === id) ?? null
    );
  }
}

function codeCells({ cells }: INotebookModel): ICodeCellModel[] {
  return [...cells].filter((cell): cell is ICodeCellModel => cell.type === 'code');
}

function recordsOf({ outputs }: ICodeCellModel): unknown[] {
  return Array.from({ length: outputs.length }, (_, at) => outputs.get(at).data[RECORD]);
}

function holds(model: ICodeCellModel, turn: string): boolean {
  return recordsOf(model).some((record) => turnOf(record) === turn);
}

function turnOf(record: unknown): string {
  return isObject(record) && typeof record['id'] === 'string' ? record['id'] : '';
}

/** The record of an answer of which nothing is known yet. */
function beginning(turn: string): IMimeBundle {
  const who = { v: 2, id: turn, kind: 'partial', chat: 'main', parent: '', tip: '' };
  const what = { messages: [], calls: [], order: 'frontend', model: '', endpoint: '' };
  return { [RECORD]: { ...who, ...what, stream: true }, 'text/markdown': '', 'text/plain': '' };
}

function isDisplay(
  message: KernelMessage.IIOPubMessage,
): message is KernelMessage.IDisplayDataMsg | KernelMessage.IUpdateDisplayDataMsg {
  return KernelMessage.isDisplayDataMsg(message) || KernelMessage.isUpdateDisplayDataMsg(message);
}
