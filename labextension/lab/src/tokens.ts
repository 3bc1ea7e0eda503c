import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { StateOfDocument } from './document-states/state-of-document';
import type { KernelLink } from './kernel-link';

/** The id of the settings: those of `schema/plugin.json`. */
export const SETTINGS = 'deepshi-jupyter:plugin';

/** Where the translator finds what a user reads. */
export const DOMAIN = 'deepshi_jupyter';

/** The links of all open notebooks to their kernels; a notebook has one, however many views it has. */
export interface IKernelLinks {
  /** All links, with the notebooks that they are of. */
  readonly all: ReadonlyMap<DocumentRegistry.Context, KernelLink>;
  /** A notebook was opened; its kernel may come later. */
  readonly added: ISignal<IKernelLinks, KernelLink>;
  /** The link of a notebook (`panel.context`), or null if it is not open. */
  of(context: DocumentRegistry.Context): KernelLink | null;
  /** The link of the notebook that a renderer is in, by the resolver of its options. */
  ofResolver(resolver: IRenderMime.IResolver | null): KernelLink | null;
}

export const IKernelLinks = new Token<IKernelLinks>(
  'deepshi-jupyter:IKernelLinks',
  'The links of the open notebooks to deepshi_jupyter in their kernels.',
);

/** What is fresh and what is stale in the open notebooks. */
export interface IDocumentStates {
  /** The state of a notebook (`panel.context`), or null if it is not open. */
  of(context: DocumentRegistry.Context): StateOfDocument | null;
}

export const IDocumentStates = new Token<IDocumentStates>(
  'deepshi-jupyter:IDocumentStates',
  'Which answers of the open notebooks still fit what stands above them.',
);
