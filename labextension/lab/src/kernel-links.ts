import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Signal, type ISignal } from '@lumino/signaling';

import { KernelLink } from './kernel-link';
import type { IKernelLinks } from './tokens';

/** Makes a link for each notebook, and lets it follow the notebook's kernel. */
export class KernelLinks implements IKernelLinks {
  readonly #added = new Signal<IKernelLinks, KernelLink>(this);
  readonly #links = new Map<DocumentRegistry.Context, KernelLink>();

  get added(): ISignal<IKernelLinks, KernelLink> {
    return this.#added;
  }

  get all(): ReadonlyMap<DocumentRegistry.Context, KernelLink> {
    return this.#links;
  }

  of(context: DocumentRegistry.Context): KernelLink | null {
    return this.#links.get(context) ?? null;
  }

  ofResolver(resolver: IRenderMime.IResolver | null): KernelLink | null {
    for (const [context, link] of this.#links) {
      if (context.urlResolver === resolver) {
        return link;
      }
    }
    return null;
  }

  /** Link a notebook; a second view of a notebook has the link of the first. */
  add(context: DocumentRegistry.Context, isWanted: () => boolean): void {
    if (this.#links.has(context)) {
      return;
    }
    const link = new KernelLink({ isWanted });
    const { sessionContext } = context;
    const follow = (): void => {
      link.use(sessionContext.session?.kernel ?? null);
    };
    this.#links.set(context, link);
    sessionContext.kernelChanged.connect(follow);
    context.disposed.connect(() => {
      sessionContext.kernelChanged.disconnect(follow);
      this.#links.delete(context);
      link.dispose();
    });
    this.#added.emit(link);
    follow();
    void context.ready.then(() => {
      link.openIfWanted(); // the kernel may have been there before the cells
    });
  }
}
