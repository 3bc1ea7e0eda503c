/** Every word that the panel says of its own, in one place, so that a translation can be put in. */
export const words = {
  panel: 'Deepshi panel',

  model: 'Model',
  noModel: 'No model',
  searchModels: 'Search models',
  models: 'Models',
  noModels: 'No model is listed.',
  noModelFound: 'No model of this name is listed.',
  useModel: (name: string) => `Use “${name}”`,
  refreshModels: 'Refresh the list',
  context: (tokens: string) => `${tokens} context`,
  price: (into: string, out: string) => `${into} in, ${out} out per million tokens`,
  free: 'free',

  parameters: 'Parameters',
  automatic: 'automatic',
  reset: (name: string) => `${name}: back to automatic`,
  resetShort: 'Automatic',
  system: 'System prompt',
  systemHelp: 'What the model is told before the conversation.',
  onePerLine: 'One on each line.',
  range: (min: string, max: string) => `From ${min} to ${max}.`,
  notInRange: (min: string, max: string) => `Not sent: this must be from ${min} to ${max}.`,
  notWhole: 'Not sent: this must be a whole number.',
  notNumber: 'Not sent: this must be a number.',
  ignored: (why: string) => `Not used: ${why}`,
  source: {
    cell: 'Set in this panel.',
    conversation: 'Set for the conversation.',
    notebook: 'Set for the notebook.',
    '': '',
  },

  conversation: (name: string) => `Conversation “${name}”`,
  offline: 'offline',
  offlineHelp: 'Answers come from the built-in models; nothing leaves this machine.',
  mode: (name: string) => `mode: ${name}`,

  question: 'Question',
  placeholder: { cell: 'Ask about what stands above this cell…', end: 'Ask about this notebook…' },
  send: 'Send',
  sendHelp: 'Enter sends, Shift+Enter begins a new line.',
  stop: 'Stop',
  stopHelp: 'Stops this answer, not the kernel (Escape).',
  editing: 'You edit an earlier question. The answer that it has stays as a branch.',
  leaveEditing: 'Leave (Escape)',
  attach: 'Attach',
  attachHelp: 'A figure or a variable that is sent along.',
  expression: 'Expression to attach',
  expressionHelp: 'such as df.head() or fig',
  add: 'Add',
  cancel: 'Cancel',
  attached: 'Attached',
  remove: (expression: string) => `Remove ${expression}`,
  preview: 'Preview values',
  previewHelp: 'Evaluates the {{expressions}} of the question now.',
  values: 'Values in the question',

  export: 'Export',
  formats: {
    md: 'Markdown',
    html: 'HTML',
    jsonl: 'JSON lines of messages',
    py: 'Python script',
    methods: 'Methods section',
  } as Record<string, string>,
  exported: (name: string) => `Exported as ${name}.`,

  copy: 'Copy',
  copied: 'Copied',
  notCopied: 'Not copied',
  regenerate: 'Regenerate',
  edit: 'Edit',
  insert: 'Insert',
  inserts: {
    answer: 'The answer as a cell',
    code: 'Its code as a cell',
    turn: 'Question and answer as cells',
  },
  inserted: 'Inserted.',
  copyCell: 'This page cannot insert cells: copy it into a new one.',
  branches: 'Branches',
  previousBranch: 'Previous branch',
  nextBranch: 'Next branch',
  samples: 'Answers',
  previousSample: 'Previous answer',
  nextSample: 'Next answer',
  partial: 'not whole',
  below: (count: number) =>
    `Asked below this panel; not seen from here · ${count} ${count === 1 ? 'turn' : 'turns'}`,
  empty: 'Nothing was asked yet. What you ask here and what cells ask is one conversation.',
  emptyAbove: 'Nothing was asked above this cell yet. What you ask here is part of the notebook.',

  waiting: 'Waiting for the answer',
  begins: 'The answer begins.',
  ends: 'The answer is complete.',
  stopped: 'The answer was stopped.',
  broken: 'The answer is not whole.',
  failed: 'The question was not answered.',
  restore: 'Put the question back',
  dismiss: 'Dismiss',

  connecting: 'Waiting for the kernel.',
  connectingLong:
    'The kernel has not answered yet. If it is busy, the panel comes alive when it is free; if it is not ' +
    'running, start it and run this cell.',
  silent:
    'The kernel has not answered for 10 seconds. It may be busy; if it was restarted, run this cell again ' +
    'to go on.',
  lost: 'The kernel was restarted: run this cell again to go on.',
  cutOff: 'The kernel is gone; what came of this answer may not be all.',
  newer: (version: string) =>
    `The kernel speaks version ${version} of the panel's protocol, and this page knows version 1.`,
  newerTodo: 'Reload the page; if that does not help, update deepshi_jupyter.',
};

/** The words, or some of them, in another language. */
export function translate(table: Partial<typeof words>): void {
  Object.assign(words, table);
}
