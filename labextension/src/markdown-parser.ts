/**
 * The parser of a model's markdown: CommonMark, tables, strikethrough, mathematics, bare addresses.
 *
 * Raw HTML is text. The parser gives tokens; `markdown-nodes.ts` makes elements of them, and no
 * string of HTML is ever made.
 */

import Parser, { type MarkdownIt } from 'markdown-it';

import { linkAddress, pictureAddress } from './address';
import { useBareTags } from './bare-tags';
import { useMath } from './math-rules';

/** The parser that all views share; it keeps nothing between two texts. */
export const parser = newParser();

function newParser(): MarkdownIt {
  const made = new Parser('default', { html: false, linkify: true, typographer: false });
  made.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  made.linkify.add('ftp:', null).add('//', null);
  made.disable(['html_block', 'html_inline']);
  made.validateLink = (address) => (linkAddress(address) ?? pictureAddress(address)) !== null;
  useMath(made);
  useBareTags(made);
  return made;
}
