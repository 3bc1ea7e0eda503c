import './page';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MarkdownView, renderMarkdown } from '../src/markdown-view';
import { cut, cuts, documents } from './documents';
import payloads from './payloads.json';
import { StillClock } from './still-clock';

/** Show pieces, each drawn before the next comes, and return the page in the end. */
function streamed(pieces: readonly string[]): string {
  const view = new MarkdownView({ clock: new StillClock() });
  for (const piece of pieces) {
    view.append(piece);
    view.flush();
  }
  view.end();
  return view.node.outerHTML;
}

const whole = (text: string): string => renderMarkdown(text).outerHTML;
const inner = (text: string): string => renderMarkdown(text).innerHTML;

test('a stream ends as the whole text at once, however it is cut', () => {
  fc.assert(
    fc.property(documents, cuts, (text, places) => {
      assert.equal(streamed(cut(text, places)), whole(text));
    }),
    { numRuns: 1500 },
  );
});

test('a stream of single characters ends as the whole text at once', () => {
  fc.assert(
    fc.property(documents, (text) => {
      const short = text.slice(0, 300);
      assert.equal(streamed(short.split('')), whole(short));
    }),
    { numRuns: 150 },
  );
});

for (const text of [
  '\\[\n```\ny\n```\n\\]\n', // a fence that turns out to be mathematics
  'a | b\n\na | b\n---|---\n1 | 2\n',
  '- a\n\n- b\n\nc\n===\n\n    d\n\n    e\n',
  "[r]\n\n[r]: https://x.y\n'title\n\nnot a title'\n",
  "[r]\n\n[r]: https://x.y\n'title\nof two lines'\n",
  '```\na\n\n```\nb\n```\n\nc',
]) {
  test(`a stream ends as the whole: ${JSON.stringify(text)}`, () => {
    assert.equal(streamed(text.split('')), whole(text));
    assert.equal(streamed(text.split(/(?<=\n)/)), whole(text));
  });
}

for (const [name, text] of Object.entries(payloads)) {
  test(`nothing but harmless elements comes of: ${name}`, () => {
    const node = renderMarkdown(text);
    const names = new Set([...node.querySelectorAll('*')].map((element) => element.localName));
    const harmless =
      'p h1 em strong s a code pre span ul ol li blockquote br img table thead tbody tr th td hr';
    assert.deepEqual(
      [...names].filter((each) => !harmless.split(' ').includes(each)),
      [],
    );
    for (const element of node.querySelectorAll('*')) {
      for (const { name: key, value } of element.attributes) {
        assert.ok(
          ['href', 'title', 'target', 'rel', 'src', 'alt', 'start', 'style', 'class'].includes(key),
        );
        if (key === 'class') {
          assert.match(value, /^deepshi-[a-z-]+$/);
        }
        if (key === 'style') {
          assert.match(value, /^text-align: (left|right|center);$/);
        }
      }
    }
    assert.equal(streamed(text.split('')), whole(text));
  });
}

test('raw HTML is text', () => {
  const html = '<b onclick="x()">y</b>';
  assert.equal(renderMarkdown(html).textContent, html);
  assert.equal(renderMarkdown(html).querySelector('b'), null);
});

test('a few bare tags are read as what they mean', () => {
  assert.equal(inner('H<sub>2</sub>O'), '<p>H<sub>2</sub>O</p>');
  assert.equal(inner('a<br>b'), '<p>a<br>b</p>');
  assert.ok(renderMarkdown('<sub onclick=x>2</sub>').querySelector('sub') === null);
});

test('a link leads to the web or to mail, and says where', () => {
  const [anchor] = renderMarkdown('[docs](https://x.y/a "safe")').querySelectorAll('a');
  assert.equal(anchor?.href, 'https://x.y/a');
  assert.equal(anchor.title, 'https://x.y/a');
  assert.equal(anchor.rel, 'noopener noreferrer nofollow');
  assert.equal(anchor.target, '_blank');
  for (const text of ['see https://x.y/z.', 'see <https://x.y/z>; or']) {
    assert.equal(renderMarkdown(text).querySelector('a')?.textContent, 'https://x.y/z');
  }
  for (const other of [
    'javascript:x',
    'data:text/html,x',
    '/api',
    '#a',
    'ftp://x',
    'vbscript:x',
    '//x.y',
  ]) {
    assert.equal(renderMarkdown(`[a](${other})`).querySelector('a'), null, other);
  }
});

test('a picture from elsewhere is a link, one that is written out is shown', () => {
  const remote = renderMarkdown('![plot](https://x.y/p.png)');
  assert.equal(remote.querySelector('img'), null);
  assert.equal(remote.querySelector('a')?.textContent, 'image: plot');
  const own = renderMarkdown('![plot](data:image/png;base64,AAAA)').querySelector('img');
  assert.equal(own?.alt, 'plot');
  assert.equal(
    renderMarkdown('[a](data:image/png;base64,AAAA)').querySelector('a')?.href ?? '',
    '',
  );
});

test('a reference finds its definition, wherever that stands', () => {
  const text =
    'See [a][r], [b] and [c][s].\n\nMore.\n\n[r]: https://x.y/r\n\nEven more.\n\n[b]: https://x.y/b\n';
  assert.equal(streamed(text.split('')), whole(text));
  assert.equal(renderMarkdown(text).querySelectorAll('a').length, 2);
});

test('a finished block is drawn once', () => {
  const view = new MarkdownView({ clock: new StillClock() });
  view.append('One.\n\nTwo');
  view.flush();
  const [first, second] = view.node.childNodes;
  view.append(' and a half.\n\n- x\n');
  view.flush();
  view.append('- y\n');
  view.end();
  assert.equal(view.node.childNodes[0], first);
  assert.notEqual(view.node.childNodes[1], second);
  assert.equal(view.node.textContent.replaceAll('\n', ' '), 'One.Two and a half.xy');
});

test('what is finished is not read again', () => {
  const view = new MarkdownView({ clock: new StillClock() });
  const kept: ChildNode[] = [];
  for (let number = 0; number < 200; number++) {
    view.append(`## Part ${number}\n\n\`\`\`python\nx = ${number}\n\`\`\`\n\n`);
    view.flush();
    kept.push(...[...view.node.childNodes].slice(kept.length));
  }
  view.end();
  assert.equal(kept.length, 400);
  assert.ok(kept.every((node, index) => view.node.childNodes[index] === node));
});

test('a text is drawn at most ten times a second, and at its end at once', () => {
  const clock = new StillClock();
  let drawings = 0;
  const view = new MarkdownView({ clock, drawn: () => drawings++ });
  for (let tick = 0; tick < 20; tick++) {
    view.append('word ');
    clock.pass(50);
  }
  assert.ok(drawings >= 9 && drawings <= 11, String(drawings));
  view.append('last');
  view.end();
  assert.ok(view.node.textContent.endsWith('last'));
});

test('the start of a list and the side of a column are kept', () => {
  assert.ok(inner('3. c\n4. d').startsWith('<ol start="3">'));
  assert.equal(renderMarkdown('|a|\n|-:|\n|1|').querySelector('td')?.style.textAlign, 'right');
});

test('mathematics is shown as its source, or by who can typeset it', () => {
  const text =
    'Let $\\alpha < 1$ and \\(b\\):\n\\[\nx\n+ y\n\\]\n\n$$z$$\n\n\\begin{align}\na\n\\end{align}\n';
  const sources = [...renderMarkdown(text).querySelectorAll('.deepshi-math')].map(
    (e) => e.textContent,
  );
  assert.deepEqual(sources, ['\\alpha < 1', 'b', 'x\n+ y', 'z', '\\begin{align}\na\n\\end{align}']);
  const seen: [string, boolean][] = [];
  const math = (source: string, display: boolean): Node => {
    seen.push([source, display]);
    return document.createElement('math');
  };
  assert.equal(renderMarkdown(text, { math }).querySelectorAll('math').length, 5);
  assert.deepEqual(
    seen.map(([, display]) => display),
    [false, false, true, true, true],
  );
});

test('prices, shells and code are no mathematics', () => {
  for (const text of [
    'it costs $5 and not $10',
    '$HOME and $PATH',
    '`$x$`',
    '\\$a$',
    '$ a $',
    'a $$ b',
  ]) {
    assert.equal(renderMarkdown(text).querySelector('.deepshi-math'), null, text);
  }
});

test('nothing more is taken after the end', () => {
  const view = new MarkdownView({ clock: new StillClock() });
  assert.ok(view.isEmpty);
  view.append('a');
  view.end();
  view.append('b');
  view.end();
  assert.equal(view.node.textContent, 'a');
});
