import type { Model } from './messages';
import { words } from './words';

/** Return what there is to know of a model, in one line. */
export function factsOf(model: Model): string {
  const facts = [
    model.context === null ? '' : words.context(tokens(model.context)),
    priceOf(model),
    model.features.join(', '),
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}

function priceOf({ priceIn, priceOut }: Model): string {
  if (priceIn === null && priceOut === null) {
    return '';
  }
  return priceIn === 0 && priceOut === 0
    ? words.free
    : words.price(money(priceIn), money(priceOut));
}

function money(dollars: number | null): string {
  if (dollars === null) {
    return '?';
  }
  return `$${dollars.toFixed(4).replace(/0{1,2}$/, '')}`; // at least cents, as prices are written
}

function tokens(count: number): string {
  if (count >= 1_000_000) {
    return `${(count / 1_000_000).toFixed(1).replace('.0', '')}M`;
  }
  return count >= 1000 ? `${Math.round(count / 1000)}k` : String(count);
}
