/** Return an element with a class, and text or nodes in it. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...content: (string | Node)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== '') {
    made.className = className;
  }
  made.append(...content);
  return made;
}

/** Return a button that does something. */
export function button(label: string, className: string, pressed: () => void): HTMLButtonElement {
  const made = make('button', className, label);
  made.type = 'button';
  made.addEventListener('click', pressed);
  return made;
}
