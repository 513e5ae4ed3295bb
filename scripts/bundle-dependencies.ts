/*
 * Puts what is used of other packages (the parser and help of oclif, chalk, cli-progress; the parser of Lua) into dist itself, after tsc.
 * The published package then depends on nothing that is fetched when it is installed; what is in it is what package-lock.json names, and
 * only what is reached. Their licences are written to dist/THIRD-PARTY-LICENSES.txt.
 *
 *     npx tsx scripts/bundle-dependencies.ts
 */
import fs from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = path.join(import.meta.dirname, '..');
const commands = path.join(root, 'dist', 'commands');
/** The modules outside of the commands that use a package. */
const libraries = [
  'functions/library-check.js',
  'operations/export/csv-sink.js',
  'output/parquet/parquet-column.js',
  'output/parquet/parquet-table.js',
  'output/parquet/text-dictionary.js',
].map((name) => path.join(root, 'dist', 'src', ...name.split('/')));

/** Our own modules stay files of their own. */
const ourOwn: Plugin = {
  name: 'our-own',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path: target, importer }) =>
      importer.startsWith(commands) || libraries.includes(importer) ? { path: target, external: true } : undefined,
    );
  },
};

/**
 * oclif's loading of plugins, settings and TypeScript sources, which no command here uses (commands/shared/program.ts): it is left out,
 * with all that it needs, so that no code of the package can load code from outside.
 */
const noLoading: Plugin = {
  name: 'no-loading',
  setup({ onLoad }) {
    const loading = /[\\/]@oclif[\\/]core[\\/]lib[\\/](config[\\/](index|ts-path)|module-loader)\.js$/;
    onLoad({ filter: loading }, () => ({ contents: 'module.exports = {};' }));
  },
};

fs.rmSync(path.join(commands, 'bundled'), { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [path.join(commands, '**', '*.js')],
  outdir: commands,
  outbase: commands,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  chunkNames: 'bundled/[name]-[hash]',
  // CommonJS modules ask for Node's own modules.
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
  plugins: [ourOwn, noLoading],
  metafile: true,
  absWorkingDir: root,
});

const libraryInputs: Record<string, unknown> = {};
for (const library of libraries) {
  const { metafile: made } = await build({
    entryPoints: [library],
    outfile: library,
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [ourOwn],
    metafile: true,
    absWorkingDir: root,
  });
  Object.assign(libraryInputs, made.inputs);
}

/** Folders of the packages of which something was taken, by their names. */
const packages = new Map<string, string>();
for (const input of Object.keys({ ...metafile.inputs, ...libraryInputs })) {
  const match = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input);
  if (match !== null) packages.set(match[2], path.join(root, match[1]));
}
const licences = [...packages].sort().map(([name, folder]) => {
  const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : fs.readFileSync(path.join(folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
const rule = `\n${'-'.repeat(78)}\n\n`;
fs.writeFileSync(path.join(root, 'dist', 'THIRD-PARTY-LICENSES.txt'), licences.join(rule));
