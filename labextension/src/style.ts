import rules from './style.css';

const ID = 'deepshi-style';

/** Give a document or a shadow root the look of the views, once. */
export function addStyle(root: Document | ShadowRoot = document): void {
  addRules(ID, rules, root);
}

/** Give a document or a shadow root rules of style, once for each id. */
export function addRules(id: string, text: string, root: Document | ShadowRoot = document): void {
  if (root.getElementById(id) !== null) {
    return;
  }
  const style = document.createElement('style');
  style.id = id;
  style.textContent = text;
  ('head' in root ? root.head : root).append(style);
}
