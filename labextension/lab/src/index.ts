import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { badgesPlugin } from './badges/plugin';
import { documentStatesPlugin } from './document-states/plugin';
import { editingPlugin } from './editing/plugin';
import { kernelLinksPlugin } from './kernel-links-plugin';
import { keyWarningPlugin } from './key-warning/plugin';
import { notebookSettingsPlugin } from './notebook-settings/plugin';
import { orderPlugin } from './order-plugin';
import { rendererPlugin } from './renderer/plugin';
import { statusPlugin } from './status/plugin';

const plugins = [
  kernelLinksPlugin,
  documentStatesPlugin,
  orderPlugin,
  rendererPlugin,
  notebookSettingsPlugin,
  statusPlugin,
  keyWarningPlugin,
  editingPlugin,
  badgesPlugin,
] as JupyterFrontEndPlugin<unknown>[];

export default plugins;
