/** Mathematics for the panel; it comes as a module of its own, because it is larger than the panel. */

export { mathNode } from './math-node';
export { default as style } from './math.css';
