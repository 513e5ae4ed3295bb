import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/*
 * Who may import whom: the table of ARCHITECTURE.md, "Where things live".
 */
const root = path.join(import.meta.dirname, '..');
const leaves = ['arrays', 'errors', 'faults', 'findings', 'limits', 'records', 'words'];
const allowed = layers(fs.readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8'));

/** Each folder of the table with what it may import. */
function layers(page: string): Record<string, readonly string[]> {
  const rows = page.split('\n').flatMap((line) => {
    const [, folder, , may] = /^\| `([a-z]+)` \|(.*)\|(.*)\|$/.exec(line) ?? [];
    return folder === undefined ? [] : [[folder, may.split(',').map((name) => name.trim())] as const];
  });
  return Object.fromEntries(rows);
}

function sources(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ts$/.test(name) && !name.endsWith('.d.ts') && !name.startsWith('assembly'))
    .map((name) => path.join(folder, name));
}

function imports(file: string): string[] {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map((match) => match[1]);
}

/** The part of `src` that a relative import leads to. */
function partOf(file: string, specifier: string): string {
  const target = path.relative(path.join(root, 'src'), path.resolve(root, path.dirname(file), specifier));
  return target.split(path.sep)[0].replace(/\.ts$/, '');
}

/** Paths of imports that lead back to a file on them. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
    else if (!finished.has(file)) for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

describe('architecture', () => {
  it('the table of ARCHITECTURE.md has every folder, and each only below those that import it', () => {
    const folders = fs
      .readdirSync(path.join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory());
    expect(Object.keys(allowed).sort()).toEqual(folders.map(({ name }) => name).sort());
    const order = Object.keys(allowed);
    const upward = order.flatMap((part) =>
      allowed[part]
        .filter((name) => name !== '' && order.indexOf(name) >= order.indexOf(part))
        .map((name) => [part, name]),
    );
    expect(upward).toEqual([]);
  });

  it.each([...Object.keys(allowed), ...leaves])('src/%s imports only what lies below it', (part) => {
    const wrong: string[] = [];
    const files = leaves.includes(part) ? [`src/${part}.ts`] : sources(`src/${part}`);
    for (const file of files) {
      for (const specifier of imports(file).filter((name) => name.startsWith('.'))) {
        const target = partOf(file, specifier);
        const fine = target === part || leaves.includes(target) || allowed[part]?.includes(target);
        if (!fine) wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('no operation imports another', () => {
    const folder = (file: string) => path.relative(path.join(root, 'src/operations'), file).split(path.sep)[0];
    const wrong = sources('src/operations').flatMap((file) =>
      imports(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => path.resolve(root, path.dirname(file), name))
        .filter((target) => folder(target) !== '..' && folder(target) !== folder(path.join(root, file)))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('no files import each other in a circle', () => {
    const graph = new Map(
      sources('src').map((file) => [
        file,
        imports(file)
          .filter((name) => name.startsWith('.'))
          .map((name) => path.join(path.dirname(file), name)),
      ]),
    );
    expect(circles(graph)).toEqual([]);
  });

  it('the engine knows no file system', () => {
    const wrong = sources('src/engine').filter((file) =>
      imports(file).some((name) => /^node:(?!buffer|crypto)/.test(name)),
    );
    expect(wrong).toEqual([]);
  });

  it('commands import only operations, each what it needs, and what renders their results', () => {
    const wrong: string[] = [];
    for (const file of sources('commands')) {
      for (const specifier of imports(file)) {
        const fine =
          /^(@oclif\/core\/|chalk$|cli-progress$|node:|\.\/)|\/src\/(index|aof\/dataset-choice|arrays|errors|findings|io\/(text|file-system)|servers\/flavor|engine\/slot|keys\/.*|limits|dataset\/(filter|flavor-choice|point\/point-in-time)|operations\/.*)\.ts$/.test(
            specifier,
          );
        const isCommand = file === 'commands/shared/program.ts' && /^\.\.\/[a-z]+\.ts$/.test(specifier);
        if (!fine && !isCommand) wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('commands print only through the functions that escape what comes from files', () => {
    const printers = ['base-command.ts', 'printing.ts', 'program.ts', 'standard-output.ts'].map(
      (name) => `commands/shared/${name}`,
    );
    const others = sources('commands').filter((file) => !printers.includes(file));
    const wrong = others.filter((file) => {
      const code = fs.readFileSync(path.join(root, file), 'utf8');
      return /console\.|JSON\.stringify|process\.std(?:out|err)\.write\((?!bytes|'\\n')/.test(code);
    });
    expect(wrong).toEqual([]);
  });

  it('src never prints, exits, or reads arguments, environment or clock', () => {
    const forbidden = /\bconsole\.|process\.(exit|argv|env|stdout|stderr)\b|Date\.now\(|new Date\(\)/;
    const wrong = sources('src').filter((file) => {
      // For programs that use the library, the moment has a default, which its entry alone gives.
      if (file === 'src/index.ts') return false;
      const code = fs.readFileSync(path.join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return forbidden.test(code);
    });
    expect(wrong).toEqual([]);
  });
});
