import { LabIcon } from '@jupyterlab/ui-components';

/** Three sliders. */
export const slidersIcon = new LabIcon({
  name: 'deepshi-jupyter:sliders',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <path d="M1 3h8v1.2H1zM13 3h2v1.2h-2zM1 7.4h2v1.2H1zM7 7.4h8v1.2H7zM1 11.8h7v1.2H1zM12 11.8h3v1.2h-3z"/>
    <circle cx="11" cy="3.6" r="1.7"/><circle cx="5" cy="8" r="1.7"/><circle cx="10" cy="12.4" r="1.7"/>
  </g>
</svg>`,
});
