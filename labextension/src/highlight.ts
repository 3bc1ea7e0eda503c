/**
 * Colours for code: comments, strings, numbers and keywords of the languages of notebooks.
 *
 * One pattern a language, read once from left to right. A grammar-based highlighter of six
 * languages weighs 42 kB, a third of the whole bundle; this shows nearly the same.
 */

/** What a piece of code is; `null` for anything else. */
export type Ink = 'comment' | 'string' | 'number' | 'keyword' | null;

interface Language {
  comment: string;
  string: string;
  keywords: string;
  ignoreCase?: boolean;
}

/** A string has a longest length, so that a quotation mark that nothing closes costs little. */
const QUOTED = String.raw`"(?:\\.|[^"\\\n]){0,1000}"|'(?:\\.|[^'\\\n]){0,1000}'`;
const TRIPLE = String.raw`"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)`;
const BACKTICKS = String.raw`\`(?:\\[\s\S]|[^\`\\]){0,1000}\``;
const HASH = '#.*';
const SLASHES = String.raw`\/\/.*|\/\*[\s\S]*?(?:\*\/|$)`;
const NUMBER = String.raw`\b(?:0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\b`;

const C_KEYWORDS =
  'auto bool break case catch char class const continue default delete do double else enum extern' +
  ' false final float for fn if impl import int interface let long match mut namespace new null' +
  ' nullptr package private protected pub public return self short static struct super switch' +
  ' template this throw trait true try typedef typename union unsigned use using virtual void while';

const SCRIPT_KEYWORDS =
  'as async await break case catch class const continue default delete do else export extends false' +
  ' finally for from function if import in instanceof interface let new null of return static super' +
  ' switch this throw true try type typeof undefined var void while yield';

const LANGUAGES: Record<string, Language> = {
  python: {
    comment: HASH,
    string: `(?:\\b[bBfFrRuU]{1,2})?(?:${TRIPLE}|${QUOTED})`,
    keywords:
      'and as assert async await break case class continue def del elif else except False finally for' +
      ' from global if import in is lambda match None nonlocal not or pass raise return True try while' +
      ' with yield',
  },
  r: {
    comment: HASH,
    string: QUOTED,
    keywords:
      'break else FALSE for function if in Inf NA NaN next NULL repeat return TRUE while library',
  },
  julia: {
    comment: `#=[\\s\\S]*?(?:=#|$)|${HASH}`,
    string: String.raw`"""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\\n]){0,1000}"`,
    keywords:
      'abstract baremodule begin break catch const continue do else elseif end export false finally for' +
      ' function global if import in let local macro module mutable nothing quote return struct true try' +
      ' using where while',
  },
  bash: {
    comment: String.raw`(?<![^\s;])#.*`,
    string: String.raw`"(?:\\[\s\S]|[^"\\]){0,1000}"|'[^']{0,1000}'`,
    keywords:
      'case cd do done echo elif else esac exit export fi for function if in local read return set' +
      ' source then until while',
  },
  sql: {
    comment: String.raw`--.*|\/\*[\s\S]*?(?:\*\/|$)`,
    string: QUOTED,
    ignoreCase: true,
    keywords:
      'all alter and as asc between by case create cross delete desc distinct drop else end exists from' +
      ' full group having in index inner insert into is join key left like limit not null offset on or' +
      ' order outer over partition primary references right select set table then union update values' +
      ' view when where with',
  },
  json: { comment: SLASHES, string: QUOTED, keywords: 'true false null' },
  yaml: {
    comment: String.raw`(?<!\S)#.*`,
    string: QUOTED,
    keywords: 'true false null yes no on off',
  },
  toml: { comment: HASH, string: `${TRIPLE}|${QUOTED}`, keywords: 'true false' },
  javascript: { comment: SLASHES, string: `${QUOTED}|${BACKTICKS}`, keywords: SCRIPT_KEYWORDS },
  c: { comment: SLASHES, string: QUOTED, keywords: C_KEYWORDS },
};

const OTHER_NAMES: Record<string, string> = {
  py: 'python',
  python3: 'python',
  ipython: 'python',
  jl: 'julia',
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  yml: 'yaml',
  js: 'javascript',
  jsx: 'javascript',
  ts: 'javascript',
  tsx: 'javascript',
  typescript: 'javascript',
  cpp: 'c',
  'c++': 'c',
  java: 'c',
  rust: 'c',
  rs: 'c',
  jsonc: 'json',
};

const patterns = new Map<string, RegExp>();

/**
 * Return the pieces of a piece of code with their inks; joined, they are the code.
 *
 * @param code The code.
 * @param name The language as the model wrote it; an unknown one gets no colours.
 */
export function highlight(code: string, name: string): [Ink, string][] {
  const pattern = patternFor(name.toLowerCase());
  if (pattern === null) {
    return [[null, code]];
  }
  const pieces: [Ink, string][] = [];
  let end = 0;
  for (const match of code.matchAll(pattern)) {
    if (match.index > end) {
      pieces.push([null, code.slice(end, match.index)]);
    }
    pieces.push([inkOf(match), match[0]]);
    end = match.index + match[0].length;
  }
  if (end < code.length) {
    pieces.push([null, code.slice(end)]);
  }
  return pieces;
}

function inkOf(match: RegExpMatchArray): Ink {
  const [, comment, string, number] = match;
  if (comment !== undefined) {
    return 'comment';
  }
  if (string !== undefined) {
    return 'string';
  }
  return number === undefined ? 'keyword' : 'number';
}

function patternFor(name: string): RegExp | null {
  const chosen = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : name;
  if (chosen === undefined || !Object.hasOwn(LANGUAGES, chosen)) {
    return null;
  }
  const language = LANGUAGES[chosen];
  const known = patterns.get(chosen);
  if (known !== undefined || language === undefined) {
    return known ?? null;
  }
  const words = `\\b(?:${language.keywords.replaceAll(' ', '|')})\\b`;
  const source = `(${language.comment})|(${language.string})|(${NUMBER})|${words}`;
  const made = new RegExp(source, language.ignoreCase ? 'gi' : 'g');
  patterns.set(chosen, made);
  return made;
}
