import rules from './style.css';

const ID = 'deepshi-style';

/** Give a document or a shadow root the look of the views, once. */
export function addStyle(root: Document | ShadowRoot = document): void {
  if (root.getElementById(ID) !== null) {
    return;
  }
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = rules;
  ('head' in root ? root.head : root).append(style);
}
