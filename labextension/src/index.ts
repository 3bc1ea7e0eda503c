/** The view code that the panel and the JupyterLab extension share. */

export { linkAddress, pictureAddress } from './address';
export { pageClock, type Clock } from './clock';
export type { MathHook } from './markdown-nodes';
export { MarkdownView, renderMarkdown, type MarkdownOptions } from './markdown-view';
export {
  StreamReader,
  TARGET,
  VERSION,
  type EndMessage,
  type Message,
  type NoticeMessage,
  type Snapshot,
  type Step,
  type TextMessage,
} from './protocol';
export { ReasoningView } from './reasoning-view';
export { addStyle } from './style';
export { ToolCard, type Decision, type OnDecision, type ToolCall } from './tool-card';
export { TranscriptView } from './transcript-view';
export { TurnView, type TurnOptions } from './turn-view';
