/** The panel as an anywidget module (https://anywidget.dev/en/afm/), and as a class for other hosts. */

import { anywidgetPort, type Model } from './anywidget-port';
import { Panel } from './panel';

export { anywidgetPort } from './anywidget-port';
export { Panel, type PanelOptions } from './panel';
export type { Port, Undo } from './port';
export { translate, words } from './words';

/** Show the panel of a model in an element. */
function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const panel = new Panel(anywidgetPort(model));
  el.append(panel.node);
  panel.addStyle();
  return () => {
    panel.dispose();
    panel.node.remove();
  };
}

export default { render };
