/**
 * The text of an answer in the form that it is to be shown in (`--as`).
 *
 * The twin of `deepshi_jupyter/display/form.py` and `deepshi_jupyter/core/fences.py`.
 */

/** Return markdown that shows a text in a form. */
export function inForm(text: string, form: string): string {
  switch (form) {
    case 'text':
      return fenced(text);
    case 'code': {
      const blocks = codeBlocks(text).map(({ source, language }) => fenced(source, language));
      return blocks.length > 0 ? blocks.join('\n\n') : fenced(text);
    }
    case 'json':
      return indentedJson(text);
    default:
      return text;
  }
}

/** Put a text into a fence that it cannot close. */
export function fenced(text: string, language = ''): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

interface CodeBlock {
  source: string;
  language: string;
}

const OPENING = /^([ \t]*)(`{3,}|~{3,})[ \t]*(.*)$/;

/** The fenced code blocks of a text; one that nothing closes runs to its end. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown
    .replace(/\n$/, '')
    .split(/\r\n|\n|\r/)
    .values();
  for (const line of lines) {
    const [, indent = '', fence = '', info = ''] = OPENING.exec(line) ?? [];
    if (fence !== '' && !(info.includes('`') && fence.startsWith('`'))) {
      const source = untilClosed(lines, fence, indent.length);
      blocks.push({ source, language: info.trim().split(/\s+/)[0] ?? '' });
    }
  }
  return blocks;
}

function untilClosed(lines: Iterator<string>, fence: string, indent: number): string {
  const source: string[] = [];
  for (let next = lines.next(); next.done !== true; next = lines.next()) {
    const bare = next.value.trim();
    if (bare.startsWith(fence) && bare.replaceAll(fence.charAt(0), '') === '') {
      break;
    }
    source.push(next.value.slice(0, indent).trim() === '' ? next.value.slice(indent) : next.value);
  }
  return source.join('\n');
}

function indentedJson(text: string): string {
  const blocks = codeBlocks(text);
  const json = blocks.length === 1 && blocks[0] !== undefined ? blocks[0].source : text;
  try {
    JSON.parse(json);
  } catch {
    return fenced(text);
  }
  return fenced(indented(json), 'json');
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Indent JSON without reading its numbers, whose digits are kept as they are written. */
function indented(json: string): string {
  const tokens = json.match(TOKEN) ?? [];
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  return tokens
    .map((token, at) => {
      if (token === '{' || token === '[') {
        const isEmpty = /^[}\]]$/.test(tokens[at + 1] ?? '');
        depth++;
        return isEmpty ? token : `${token}${line()}`;
      }
      if (token === '}' || token === ']') {
        depth--;
        return /^[{[]$/.test(tokens[at - 1] ?? '') ? token : `${line()}${token}`;
      }
      if (token === ',') {
        return `,${line()}`;
      }
      return token === ':' ? ': ' : token.startsWith('"') ? unescaped(token) : token;
    })
    .join('');
}

function unescaped(token: string): string {
  return JSON.stringify(JSON.parse(token));
}
