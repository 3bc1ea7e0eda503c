/**
 * TeX → MathML, by Temml (https://temml.org).
 *
 * As with markdown, the construction is the sanitizer: Temml gives a tree, and every element,
 * attribute and style is made here by its name, from closed lists. Temml is told to trust nothing, so
 * links, pictures and HTML of TeX come to nothing before; a tree that holds anything else is not shown.
 */

import temml from 'temml';

const NAMESPACE = 'http://www.w3.org/1998/Math/MathML';

/** Bounds, so that a short source does not cost the page much. */
const LONGEST = 5_000;
const MOST_NODES = 20_000;
const OPTIONS = { trust: false, throwOnError: true, maxExpand: 500, maxSize: [25, 250] as const };

const ELEMENTS = new Set(
  (
    'math semantics mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle mpadded mphantom menclose' +
    ' msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd merror'
  ).split(' '),
);

const ATTRIBUTES = new Set(
  (
    'accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form' +
    ' height largeop linebreak linethickness lspace mathbackground mathcolor mathsize mathvariant' +
    ' maxsize minsize movablelimits notation rowlines rowspacing rspace scriptlevel separator stretchy' +
    ' symmetric voffset width'
  ).split(' '),
);

/** Style by the names that the DOM has; nothing that takes a formula out of its place. */
const STYLES = new Set(
  (
    'border borderBottom borderLeft borderRight borderTop color display fontFamily fontStyle fontWeight' +
    ' justifyContent marginLeft mathDepth mathStyle padding paddingBottom paddingLeft paddingRight' +
    ' paddingTop textAlign width'
  ).split(' '),
);

const PLAIN_VALUE = /^[-\w\s.,#%+]*$/;
const OWN_CLASS = /^tml-[\w-]+$/;

/** What Temml's tree is made of. */
interface TreeNode {
  type?: unknown;
  text?: unknown;
  attributes?: Record<string, unknown>;
  classes?: unknown[];
  style?: Record<string, unknown>;
  children?: TreeNode[];
}

/** Return mathematics as an element, or null for what cannot be read or is too large. */
export function mathNode(source: string, display: boolean): Element | null {
  if (source.length > LONGEST) {
    return null;
  }
  try {
    const tree = temml.__renderToMathMLTree(source, {
      ...OPTIONS,
      maxSize: [...OPTIONS.maxSize],
      displayMode: display,
      macros: {},
    }) as TreeNode;
    const made = new Builder().node(tree);
    return made instanceof Element && made.localName === 'math' ? made : null;
  } catch {
    return null; // bad TeX, too deep, too large, or nothing that is known here
  }
}

class Builder {
  #count = 0;

  node(tree: TreeNode): Node {
    if (++this.#count > MOST_NODES) {
      throw new RangeError('The formula is too large.');
    }
    if (typeof tree.text === 'string') {
      return document.createTextNode(tree.text);
    }
    if (tree.type === undefined) {
      return this.#group(tree);
    }
    if (typeof tree.type !== 'string' || !ELEMENTS.has(tree.type)) {
      throw new TypeError('The formula holds an element that is not known here.');
    }
    const made = document.createElementNS(NAMESPACE, tree.type);
    setAttributes(made, tree);
    made.append(...this.#children(tree));
    return made;
  }

  /** A group without an element: a fragment, or an empty place for the number of an equation. */
  #group(tree: TreeNode): Node {
    const fragment = document.createDocumentFragment();
    fragment.append(...this.#children(tree));
    return fragment;
  }

  #children({ children }: TreeNode): Node[] {
    return (children ?? []).map((child) => this.node(child));
  }
}

function setAttributes(made: Element, tree: TreeNode): void {
  for (const [name, value] of Object.entries(tree.attributes ?? {})) {
    const isPlain = typeof value === 'boolean' || PLAIN_VALUE.test(String(value));
    if (ATTRIBUTES.has(name) && isPlain) {
      made.setAttribute(name, String(value));
    }
  }
  const classes = (tree.classes ?? []).filter((each) => OWN_CLASS.test(String(each)));
  if (classes.length > 0) {
    made.setAttribute('class', classes.join(' '));
  }
  const { style } = made as { style?: CSSStyleDeclaration }; // not every page styles MathML
  for (const [name, value] of Object.entries(tree.style ?? {})) {
    if (STYLES.has(name) && PLAIN_VALUE.test(String(value))) {
      style?.setProperty(hyphenated(name), String(value));
    }
  }
}

function hyphenated(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
