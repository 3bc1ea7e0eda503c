/** The models that a kernel offers, asked for when they are first needed. */

import type { KernelLink } from '../kernel-link';

type Link = Pick<KernelLink, 'request' | 'state' | 'stateChanged'>;

/** Remembers what each kernel said until its link is closed. */
export class ModelNames {
  readonly #known = new WeakMap<Link, Promise<string[]>>();
  readonly #followed = new WeakSet<Link>();

  /** Return the ids of the models that a notebook's kernel offers; none if it cannot be asked. */
  async of(link: Link | null): Promise<string[]> {
    if (link?.state !== 'open') {
      return [];
    }
    this.#follow(link);
    const known = this.#known.get(link) ?? this.#ask(link);
    this.#known.set(link, known);
    return known;
  }

  async #ask(link: Link): Promise<string[]> {
    const models = await link.request('status', { cell: null }).then(
      (status) => status.models,
      () => [],
    );
    if (models.length === 0) {
      this.#known.delete(link); // the catalogue may come later
    }
    return models;
  }

  #follow(link: Link): void {
    if (!this.#followed.has(link)) {
      this.#followed.add(link);
      link.stateChanged.connect(() => {
        this.#known.delete(link);
      });
    }
  }
}
