/** What a lesson's scene.js may import: `import { clamp, fmt } from '#kit'`. Nothing here touches the DOM. */
export { clamp, ease, fmt, lerp, linear, plural } from './numbers.js';
export { overview } from './overview.js';
