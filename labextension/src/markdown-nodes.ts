/**
 * Tokens of markdown → nodes of a page.
 *
 * This is the sanitizer: every element and attribute is made here by its name, from a closed list,
 * and text of the model becomes text nodes. No string is ever parsed as HTML.
 */

import type { Token } from 'markdown-it';

import { linkAddress, pictureAddress } from './address';
import { highlight } from './highlight';

/** Shows mathematics; null leaves it as its source. */
export type MathHook = (source: string, display: boolean) => Node | null;

export interface NodeOptions {
  math?: MathHook | undefined;
  /** Code longer than so many characters gets no colours. */
  longestColoured?: number | undefined;
}

const ELEMENTS = new Set(
  'p h1 h2 h3 h4 h5 h6 blockquote ul ol li table thead tbody tr th td em strong s a sub sup kbd'.split(
    ' ',
  ),
);

const ALIGNED = /^text-align:(left|right|center)$/;
const LONGEST_COLOURED = 50_000;

/** Return the nodes that tokens of `markdown-parser.ts` stand for. */
export function nodesOf(tokens: readonly Token[], options: NodeOptions = {}): ChildNode[] {
  return new Builder(options).nodes(tokens);
}

class Builder {
  readonly #options: NodeOptions;
  readonly #open: Element[] = [];
  #linkDepth = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  nodes(tokens: readonly Token[]): ChildNode[] {
    const root = document.createElement('div');
    this.#open.push(root);
    this.#addAll(tokens);
    return [...root.childNodes];
  }

  #addAll(tokens: readonly Token[]): void {
    for (const token of tokens) {
      this.#add(token);
    }
  }

  #add(token: Token): void {
    if (token.type === 'inline') {
      this.#addAll(token.children ?? []);
    } else if (token.hidden) {
      return; // the paragraphs of a tight list
    } else if (token.nesting === 1) {
      this.#begin(token);
    } else if (token.nesting === -1) {
      this.#end(token);
    } else {
      this.#append(this.#leaf(token));
    }
  }

  #begin(token: Token): void {
    const name = ELEMENTS.has(token.tag) ? token.tag : 'span';
    const element = document.createElement(name);
    setAttributes(element, token);
    if (name === 'a') {
      this.#linkDepth++;
    }
    this.#append(element);
    this.#open.push(element);
  }

  #end(token: Token): void {
    if (token.tag === 'a') {
      this.#linkDepth--;
    }
    if (this.#open.length > 1) {
      this.#open.pop();
    }
  }

  #append(node: Node): void {
    this.#open.at(-1)?.append(node);
  }

  #leaf(token: Token): Node {
    switch (token.type) {
      case 'softbreak':
        return document.createTextNode('\n');
      case 'hardbreak':
        return document.createElement('br');
      case 'hr':
        return document.createElement('hr');
      case 'code_inline':
        return element('code', token.content);
      case 'code_block':
      case 'fence':
        return this.#code(token);
      case 'image':
        return this.#picture(token);
      case 'math_inline':
        return this.#math(token.content, token.markup === '$$');
      case 'math_block':
        return this.#math(token.content, true);
      default:
        return document.createTextNode(token.content);
    }
  }

  #code(token: Token): Element {
    const code = document.createElement('code');
    const language = token.info.trim().split(/\s/)[0] ?? '';
    const longest = this.#options.longestColoured ?? LONGEST_COLOURED;
    const coloured = token.content.length <= longest;
    for (const [ink, text] of highlight(token.content, coloured ? language : '')) {
      code.append(ink === null ? text : element('span', text, `deepshi-${ink}`));
    }
    const pre = document.createElement('pre');
    pre.append(code);
    return pre;
  }

  #picture(token: Token): Node {
    const address = String(token.attrGet('src') ?? '');
    const words = plainText(token.children ?? []);
    if (pictureAddress(address) !== null) {
      return picture(address, words);
    }
    const label = words === '' ? 'image' : `image: ${words}`;
    const target = this.#linkDepth > 0 ? null : linkAddress(address);
    return target === null ? document.createTextNode(label) : link(target, label);
  }

  #math(source: string, display: boolean): Node {
    return this.#options.math?.(source, display) ?? mathSource(source, display);
  }
}

function setAttributes(made: HTMLElement, token: Token): void {
  if (made instanceof HTMLAnchorElement) {
    const address = linkAddress(String(token.attrGet('href') ?? ''));
    if (address !== null) {
      lead(made, address);
    }
  } else if (made instanceof HTMLOListElement) {
    made.start = Number(token.attrGet('start') ?? 1);
  } else if (made instanceof HTMLTableCellElement) {
    made.style.textAlign = ALIGNED.exec(String(token.attrGet('style') ?? ''))?.[1] ?? '';
  }
}

/** Let a link lead somewhere; its title says where, whatever its text says. */
function lead(anchor: HTMLAnchorElement, address: string): void {
  anchor.href = address;
  anchor.title = address;
  anchor.target = '_blank';
  anchor.rel = 'noopener noreferrer nofollow';
}

function link(address: string, label: string): HTMLAnchorElement {
  const anchor = document.createElement('a');
  lead(anchor, address);
  anchor.textContent = label;
  return anchor;
}

/** Return a picture whose bytes stand in its address. */
function picture(address: string, words: string): HTMLImageElement {
  const image = document.createElement('img');
  image.src = address;
  image.alt = words;
  return image;
}

/** Return mathematics as its source, for where nothing can typeset it. */
export function mathSource(source: string, display: boolean): Element {
  const code = element('code', source, 'deepshi-math');
  if (!display) {
    return code;
  }
  const pre = element('pre', '', 'deepshi-math-block');
  pre.append(code);
  return pre;
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => (token.children === null ? token.content : plainText(token.children)))
    .join('');
}

function element(name: 'code' | 'pre' | 'span', text: string, className = ''): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  if (className !== '') {
    made.className = className;
  }
  return made;
}
