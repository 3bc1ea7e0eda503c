import './page';

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mathNode } from '../src/math/math-node';

test('TeX becomes MathML', () => {
  const made = mathNode(String.raw`\frac{a}{b} < \sqrt{2}`, true);
  assert.equal(made?.localName, 'math');
  assert.equal(made.namespaceURI, 'http://www.w3.org/1998/Math/MathML');
  assert.ok(made.querySelector('mfrac') !== null && made.querySelector('msqrt') !== null);
});

test('environments, matrices, accents and text are known', () => {
  for (const source of [
    String.raw`\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}`,
    String.raw`\begin{aligned} a &= b \\ c &= d \end{aligned}`,
    String.raw`\begin{align} a &= b \end{align}`,
    String.raw`\begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}`,
    String.raw`\hat{x} \vec{y} \overline{z} \mathbb{R} \mathcal{L} \operatorname{tr} A`,
    String.raw`\sum_{i=1}^{n} \int_0^\infty \lim_{x \to 0} \binom{n}{k} \color{red} x \boxed{y}`,
    String.raw`\left( \frac{1}{2} \right) \underbrace{a}_{b} \cancel{c} x' \tag{1}`,
  ]) {
    assert.notEqual(mathNode(source, true), null, source);
  }
});

test('what cannot be read, or is too large, is nothing', () => {
  for (const source of [
    String.raw`\frac{a`,
    String.raw`\nocommand`,
    String.raw`\def\a{\a\a}\a`,
    '{'.repeat(4_000),
    'x'.repeat(6_000),
    String.raw`\href{javascript:alert(1)}{x}`,
    String.raw`\includegraphics{https://example.org/a.png}`,
  ]) {
    const made = mathNode(source, false);
    assert.ok(!made?.querySelector('a, img, [href], [src]'), source);
  }
  assert.equal(mathNode(String.raw`\nocommand`, false), null);
  assert.equal(mathNode('x'.repeat(6_000), false), null);
});

test('a formula sets no class, id, style or handler of its own', () => {
  for (const source of [
    String.raw`\class{lm-Widget}{x}`,
    String.raw`\id{pwned}{x}`,
    String.raw`\style{position:fixed}{x}`,
    String.raw`\data{command=run}{x}`,
    String.raw`\label{pwned} x \ref{pwned}`,
  ]) {
    const made = mathNode(source, false);
    const attributes = [...(made?.querySelectorAll('*') ?? [])].flatMap((e) => [...e.attributes]);
    const wrong = attributes.filter(
      ({ name, value }) =>
        /^(id|on|data|href|src)/.test(name) || value.includes('lm-') || value.includes('fixed'),
    );
    assert.deepEqual(wrong, [], source);
  }
});

test('a macro of one formula is unknown to the next', () => {
  assert.notEqual(mathNode(String.raw`\gdef\mine{x} \mine`, false), null);
  assert.equal(mathNode(String.raw`\mine`, false), null);
});

test('sizes are bounded', () => {
  const made = mathNode(String.raw`\rule{10000em}{9999pt} \kern{9000em}`, false);
  const sizes = [...(made?.querySelectorAll('*') ?? [])].flatMap((e) =>
    ['width', 'height', 'mathsize'].map((name) => Number.parseFloat(e.getAttribute(name) ?? '0')),
  );
  assert.ok(Math.max(0, ...sizes) <= 250);
});
