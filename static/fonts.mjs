/**
 * Cuts the two typefaces down to what a Russian course needs: 112 KB of woff2 → about 42.
 * Plain names (fonts/golos-cyrillic-400.woff2), because base.html preloads them.
 *
 * Golos keeps its tabular figures; JetBrains Mono loses its ligatures on purpose: code shows the characters typed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import subset from 'subset-font';

const require = createRequire(import.meta.url);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => String.fromCharCode(from + n)).join('');

const LATIN = range(0x20, 0x7e) + '\u00a0\u00ad\u00a9\u00ab\u00bb\u00b0\u00b1\u00b2\u00b5\u00b7\u00d7\u2009\u2011\u2013\u2014'
  + '\u2018\u2019\u201c\u201d\u201e\u2022\u2026\u202f\u20bd\u2190\u2191\u2192\u2193\u2212\u2248\u2260\u2264\u2265';
const CYRILLIC = range(0x410, 0x44f) + '\u0401\u0451\u2116';

const GOLOS = 'golos-text/files/golos-text';
const MONO = 'jetbrains-mono/files/jetbrains-mono';
const MANY = { wght: { min: 400, max: 700 } };

// Two weights of Golos weigh a third less than its whole axis; of JetBrains Mono, the axis weighs less.
const FACES = [
  ...[400, 650].flatMap((wght) => [
    { name: `golos-latin-${wght}`, file: `${GOLOS}-latin-wght-normal.woff2`, text: LATIN, axes: { wght } },
    { name: `golos-cyrillic-${wght}`, file: `${GOLOS}-cyrillic-wght-normal.woff2`, text: CYRILLIC, axes: { wght } },
  ]),
  { name: 'jetbrains-latin', file: `${MONO}-latin-wght-normal.woff2`, text: LATIN, axes: MANY, plain: true },
  { name: 'jetbrains-cyrillic', file: `${MONO}-cyrillic-wght-normal.woff2`, text: CYRILLIC, axes: MANY, plain: true },
];

/** Writes `<dist>/fonts/*.woff2`; returns [{ name, bytes }]. */
export async function fonts(dist) {
  const folder = join(dist, 'fonts');
  await mkdir(folder, { recursive: true });
  return Promise.all(FACES.map(async ({ name, file, text, axes, plain }) => {
    const whole = await readFile(require.resolve(`@fontsource-variable/${file}`));
    const cut = await subset(whole, text, {
      targetFormat: 'woff2', variationAxes: axes, noLayoutClosure: Boolean(plain),
    });
    await writeFile(join(folder, `${name}.woff2`), cut);
    return { name, bytes: cut.length };
  }));
}
