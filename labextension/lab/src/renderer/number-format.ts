/** Numbers as Python's `format` writes them, so that a footer here reads as it does in the kernel. */

/** Python's `f"{value:.{digits}f}"`: halves go to the even digit. */
export function fixed(value: number, digits: number): string {
  const exact = Math.abs(value).toFixed(100);
  const end = exact.indexOf('.') + 1 + digits;
  const kept = exact.slice(0, digits === 0 ? end - 1 : end);
  const isHalf = /^50*$/.test(exact.slice(end));
  if (!isHalf || Number(kept.at(-1)) % 2 === 1) {
    return value.toFixed(digits);
  }
  return value < 0 ? `-${kept}` : kept;
}

/** Python's `f"{value:,}"` of digits, with a fraction or without. */
export function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const words = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? words : `${words}.${fraction}`;
}
