/**
 * Which addresses of a model a page may hold: the web and mail to follow, pictures' own bytes to show.
 */

const FOLLOWED = /^(?:https?:\/\/|mailto:)/i;
const FOLLOWED_PROTOCOLS = new Set(['http:', 'https:', 'mailto:']);

/** A picture's own bytes: shows without asking a server and, being no SVG, runs nothing. */
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/;

/** Return an address that a reader may follow, or null. */
export function linkAddress(address: string): string | null {
  return FOLLOWED.test(address) && FOLLOWED_PROTOCOLS.has(protocolOf(address)) ? address : null;
}

/** Return the address of a picture that is written out in it, or null. */
export function pictureAddress(address: string): string | null {
  return PICTURE.test(address) ? address : null;
}

function protocolOf(address: string): string {
  try {
    return new URL(address).protocol;
  } catch {
    return '';
  }
}
