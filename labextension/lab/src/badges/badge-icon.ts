import type { BadgeKind } from './badge';

const SVG = 'http://www.w3.org/2000/svg';

/** A shape for each kind, drawn in a square of 16: no kind is told by its colour alone. */
const SHAPES: Readonly<Record<BadgeKind, string>> = {
  fresh: 'M3 8.5 6.5 12 13 4.5',
  replayed: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3.2H9.8',
  stale: 'M8 2.5 14.5 13.5H1.5ZM8 6.5v3.2M8 11.4v.6',
  edited: 'M3 13l.8-3.2L11 2.6l2.4 2.4-7.2 7.2ZM9.4 4.2l2.4 2.4',
  partial: 'M2.5 8h4M9.5 8h4M8 4v8',
  copied: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  unsent: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11',
  asking: 'M3 8h.1M8 8h.1M13 8h.1',
  unreadable: 'M5 5.5C5 2 11 2 11 5.5 11 7.7 8 7.7 8 10M8 12.9v.1',
};

/** Return the shape of a kind of badge, in the colour of the text. */
export function badgeIcon(kind: BadgeKind): SVGSVGElement {
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('class', 'deepshi-badge-icon');
  icon.setAttribute('viewBox', '0 0 16 16');
  icon.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS(SVG, 'path');
  shape.setAttribute('d', SHAPES[kind]);
  shape.setAttribute('fill', 'none');
  shape.setAttribute('stroke', 'currentColor');
  shape.setAttribute('stroke-width', kind === 'asking' ? '3' : '2');
  shape.setAttribute('stroke-linecap', 'round');
  shape.setAttribute('stroke-linejoin', 'round');
  icon.append(shape);
  return icon;
}
