import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What makes a page of a string; nothing of a model may come near it. */
const HTML_FROM_TEXT = [
  'innerHTML',
  'outerHTML',
  'insertAdjacentHTML',
  'setHTMLUnsafe',
  'write',
  'srcdoc',
];

export default defineConfig(
  { ignores: ['node_modules/', 'lab/'] },
  eslint.configs.recommended,
  {
    files: ['demo/*.js'],
    languageOptions: { globals: { fetch: false, setTimeout: false } },
  },
  {
    files: ['*.mjs'],
    languageOptions: { globals: { Buffer: false, console: false, process: false } },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', name: 'test', package: 'node:test' }] },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-restricted-globals': ['error', 'DOMParser', 'eval', 'Function'],
      'no-restricted-properties': ['error', ...HTML_FROM_TEXT.map((property) => ({ property }))],
    },
  },
);
