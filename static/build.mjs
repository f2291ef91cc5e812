/**
 * Builds the front end: static/src and every lesson's scene.js → static/dist.
 *
 *   node static/build.mjs            one build, minified; prints the sizes and fails past a budget
 *   node static/build.mjs --watch    rebuilds as files change
 *
 * Entry points keep plain names (main.js, main.css, scenes/<slug>.js): the site's static storage
 * gives them hashes. Everything shared or imported lazily becomes a chunk with a hash of its own.
 */
import { existsSync } from 'node:fs';
import { cp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, context } from 'esbuild';
import { fonts } from './fonts.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(here, 'dist');
const watching = process.argv.includes('--watch');
/** Built aside and then put in place: whoever collects or serves the files meanwhile sees the old ones, whole. */
const place = watching ? dist : join(here, `.dist-${process.pid}`);

/** Gzip budgets in KB: what a reader fetches for each part. */
const BUDGETS = { base: 5, kit: 10, scene: 4, editor: 150 };

/** slug → path of its scene.js; the slug is the lesson's folder name without the number. */
export async function scenes() {
  const found = new Map();
  const content = join(root, 'content');
  for (const chapter of await folders(content)) {
    for (const lesson of await folders(join(content, chapter))) {
      const path = join(content, chapter, lesson, 'scene.js');
      const slug = lesson.replace(/^\d+-/, '');
      if (!existsSync(path)) continue;
      if (found.has(slug)) throw new Error(`two lessons are called «${slug}»: rename one of the folders`);
      found.set(slug, path);
    }
  }
  return found;
}

async function folders(path) {
  if (!existsSync(path)) return [];
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}

/** `import scenes from 'poligon:scenes'` gives {slug: () => import(its module)}. */
const sceneMap = {
  name: 'poligon-scenes',
  setup(plugin) {
    plugin.onResolve({ filter: /^poligon:scenes$/ }, () => ({ path: 'scenes', namespace: 'poligon' }));
    plugin.onLoad({ filter: /.*/, namespace: 'poligon' }, async () => {
      const lines = [];
      for (const [slug, path] of await scenes()) {
        lines.push(`${JSON.stringify(slug)}: () => import(${JSON.stringify(path)})`);
      }
      return { contents: `export default {${lines.join(',\n')}};`, resolveDir: root, loader: 'js' };
    });
  },
};

async function options() {
  const entryPoints = [
    { out: 'main', in: join(here, 'src/main.js') },
    { out: 'main', in: join(here, 'css/main.css') },
  ].filter((entry) => existsSync(entry.in));
  for (const [slug, path] of await scenes()) entryPoints.push({ out: `scenes/${slug}`, in: path });
  return {
    entryPoints,
    outdir: place,
    entryNames: '[dir]/[name]',
    chunkNames: 'chunks/[name]-[hash]',
    assetNames: 'assets/[name]-[hash]',
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome123', 'firefox121', 'safari17.5'],
    minify: true,
    sourcemap: 'linked',
    metafile: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    loader: { '.svg': 'file' },
    external: ['./fonts/*'], // written by fonts.mjs under plain names, because pages preload them
    plugins: [sceneMap],
  };
}

const zipped = (bytes) => gzipSync(bytes, { level: 9 }).length / 1024;

/** A file of the build with everything it imports at once (not lazily), in KB gzip. */
async function whole(metafile, path, seen = new Set()) {
  if (seen.has(path)) return 0;
  seen.add(path);
  let size = zipped(await readFile(join(root, path)));
  for (const { path: next, kind } of metafile.outputs[path].imports) {
    if (kind === 'import-statement') size += await whole(metafile, next, seen);
  }
  return size;
}

/** The kit alone, as if nothing shared it: the player with the controls, without what comes later on demand. */
async function kit() {
  const { metafile, outputFiles } = await build({
    stdin: { contents: "export * from './player.js'; export * from './kit/controls.js';", resolveDir: join(here, 'src') },
    bundle: true, splitting: true, outdir: dist, metafile: true, minify: true, format: 'esm', write: false, charset: 'utf8', legalComments: 'none',
  });
  const [entry] = Object.keys(metafile.outputs).filter((path) => metafile.outputs[path].entryPoint);
  const atOnce = new Set([entry]);
  for (const path of atOnce) {
    for (const one of metafile.outputs[path].imports) if (one.kind === 'import-statement') atOnce.add(one.path);
  }
  return outputFiles.filter((file) => atOnce.has(relative(process.cwd(), file.path)))
    .reduce((sum, file) => sum + zipped(file.contents), 0);
}

/** Prints gzip sizes; returns the budgets that do not hold. */
async function weigh(metafile) {
  const over = [];
  const line = (name, size, limit = null) => {
    if (limit && size > limit) over.push(`${name}: ${size.toFixed(2)} KB of ${limit}`);
    console.log(`${size.toFixed(1).padStart(7)} KB gzip  ${name}${limit ? `  (≤ ${limit})` : ''}`);
  };
  const outputs = Object.keys(metafile.outputs).filter((path) => /\.(js|css)$/.test(path)).sort();
  for (const path of outputs) {
    const name = relative(place, join(root, path));
    const size = zipped(await readFile(join(root, path)));
    if (name === 'main.js') line('main.js with its imports', await whole(metafile, path), BUDGETS.base);
    else if (name.startsWith('scenes/')) line(name, size, BUDGETS.scene);
    else line(name, size, name.includes('codemirror') ? BUDGETS.editor : null);
  }
  line('the scene kit alone', await kit(), BUDGETS.kit);
  return over;
}

async function run() {
  await rm(place, { recursive: true, force: true });
  const faces = await fonts(place);
  await cp(join(here, 'public'), place, { recursive: true });
  if (watching) {
    const watcher = await context({ ...await options(), minify: false });
    await watcher.watch();
    return;
  }
  const { metafile } = await build(await options());
  const over = await weigh(metafile);
  for (const { name, bytes } of faces) console.log(`${(bytes / 1024).toFixed(1).padStart(7)} KB       fonts/${name}.woff2`);
  for (const line of over) console.error(`over budget: ${line}`);
  if (over.length) process.exitCode = 1;
  const old = join(here, `.dist-old-${process.pid}`);
  if (existsSync(dist)) await rename(dist, old);
  await rename(place, dist);
  await rm(old, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await run();
  } finally {
    if (!watching) await rm(place, { recursive: true, force: true });
  }
}
