import { Dialog, Notification, showDialog, type ISessionContext } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { make } from '../../../src/elements';
import type { StateOfDocument } from '../document-states/state-of-document';
import type { CellState } from '../state/document-state';
import { count } from './amounts';
import { planOf, staleCells, type RerunPlan } from './rerun-plan';
import type { BadgeWords } from './words';

export interface RerunOptions {
  readonly panel: NotebookPanel;
  readonly state: StateOfDocument;
  /** Whether the kernel is known to have loaded the magics. */
  readonly isLinked: boolean;
  readonly words: BadgeWords;
  readonly trans: TranslationBundle;
  readonly dialogs: ISessionContext.IDialogs | undefined;
  readonly translator: ITranslator;
}

/** Notebooks in which stale cells are being run. */
const running = new WeakSet<NotebookPanel>();

/** Run one cell, as JupyterLab's own commands do; returns whether it succeeded. */
export function runCell(
  cell: Cell,
  { panel, dialogs, translator }: Pick<RerunOptions, 'panel' | 'dialogs' | 'translator'>,
): Promise<boolean> {
  return NotebookActions.runCells(panel.content, [cell], panel.sessionContext, dialogs, translator);
}

/** Say what asking again would take and, if the user agrees, run the stale cells from the top. */
export async function runStale(options: RerunOptions): Promise<void> {
  const { panel, state, trans } = options;
  if (running.has(panel)) {
    return;
  }
  running.add(panel);
  try {
    const plan = planOf(await state.now());
    const body = new Widget({ node: bodyOf(plan, options) });
    const isEmpty = plan.stale.length === 0;
    const { button } = await showDialog({
      title: isEmpty ? trans.__('Nothing to Ask Again') : trans.__('Ask Again What Is Stale?'),
      body,
      buttons: isEmpty
        ? [Dialog.okButton()]
        : [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Ask Again') })],
    });
    if (button.accept && !isEmpty) {
      await runAll(plan, options);
    }
  } finally {
    running.delete(panel);
  }
}

/** Run what is stale from the top, each cell once, until one fails. */
async function runAll({ stale, following }: RerunPlan, options: RerunOptions): Promise<void> {
  const left = new Set([...stale, ...following].map(({ id }) => id));
  const { panel, state } = options;
  while (!panel.isDisposed) {
    const next = staleCells(await state.now()).find(({ id }) => left.has(id));
    const cell = panel.content.widgets.find(({ model }) => model.id === next?.id);
    if (cell === undefined) {
      return;
    }
    left.delete(cell.model.id);
    if (!(await runCell(cell, options))) {
      await tellFailure(cell, options);
      return;
    }
  }
}

async function tellFailure(cell: Cell, { panel, state, trans }: RerunOptions): Promise<void> {
  if (panel.isDisposed || cell.isDisposed) {
    return;
  }
  const { content } = panel;
  content.activeCellIndex = content.widgets.indexOf(cell);
  await content.scrollToItem(content.activeCellIndex);
  const left = staleCells(await state.now()).filter(({ id }) => id !== cell.model.id).length;
  const rest = trans._n('%1 stale cell was not run.', '%1 stale cells were not run.', left, left);
  Notification.warning(
    [trans.__('Asking again has stopped, as this cell failed.'), ...(left > 0 ? [rest] : [])].join(
      ' ',
    ),
    { autoClose: 10_000 },
  );
}

function bodyOf(plan: RerunPlan, options: RerunOptions): HTMLElement {
  const { trans, isLinked } = options;
  const hand = plan.byHand.map((cell) => nameOf(cell, trans)).join(', ');
  const paragraphs = [
    ...(plan.stale.length > 0
      ? priceOf(plan, options)
      : [trans.__('Every answer fits what stands above it.')]),
    hand !== '' ? trans.__('Asked from Python code, to be run by you: %1.', hand) : '',
    plan.changedByHand.length > 0
      ? trans.__(
          'An answer that was changed by hand would be lost, in cells: %1.',
          plan.changedByHand.map((cell) => nameOf(cell, trans)).join(', '),
        )
      : '',
    plan.stale.length > 0 && !isLinked
      ? trans.__(
          'The kernel does not seem to have loaded deepshi_jupyter. A cell that fails loses the answer that it shows: load the extension first.',
        )
      : '',
  ].filter((text) => text !== '');
  const list = make('ul', '', ...plan.stale.map((cell) => lineOf(cell, options)));
  const [first = '', ...others] = paragraphs;
  return make(
    'div',
    'deepshi-rerun',
    make('p', '', first),
    ...(plan.stale.length > 0 ? [list] : []),
    ...others.map((text) => make('p', '', text)),
  );
}

/** How many calls, about how many tokens, about what cost. */
function priceOf(
  { stale, following, amounts }: RerunPlan,
  { trans, words }: RerunOptions,
): string[] {
  const questions = stale.reduce((sum, cell) => sum + cell.questions.length, 0);
  const what = trans._n(
    '%1 question would be asked again:',
    '%1 questions would be asked again:',
    questions,
    questions,
  );
  const below = trans._n(
    'Then up to %1 more below, whose context the new answers change.',
    'Then up to %1 more below, whose context the new answers change.',
    following.length,
    following.length,
  );
  const price = [
    trans._n('%1 call', '%1 calls', amounts.calls, count(amounts.calls)),
    trans.__(
      'about %1 tokens (%2)',
      count(amounts.tokensIn + amounts.tokensOut),
      words.tokens(amounts),
    ),
    trans.__('about %1', words.cost(amounts).replace('≈ ', '')),
  ];
  return [
    what,
    ...(following.length > 0 ? [below] : []),
    trans.__('Together, as when they were last asked: %1.', price.join(', ')),
  ];
}

function lineOf(cell: CellState, { trans, words }: RerunOptions): HTMLElement {
  const question = cell.questions[0]?.view.asking?.body.trim().split('\n')[0] ?? '';
  const reasons = [...new Set(cell.questions.flatMap((each) => each.reasons))];
  const why = words.sentences(reasons).join(' ');
  return make(
    'li',
    '',
    `${nameOf(cell, trans)} ${question.length > 70 ? `${question.slice(0, 69)}…` : question}`,
    make('br', ''),
    make('span', 'deepshi-rerun-why', why),
  );
}

/** The number beside a cell, or its place. */
function nameOf({ index, questions }: CellState, trans: TranslationBundle): string {
  const number = questions[0]?.view.cell.executionCount ?? null;
  return number === null ? trans.__('cell %1', index + 1) : `[${number}]`;
}
