import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/*
 * Who may import whom: ARCHITECTURE.md, "Where things live".
 */
const root = path.join(import.meta.dirname, '..');
const leaves = ['arrays', 'errors', 'limits', 'records', 'words'];
const allowed: Record<string, readonly string[]> = {
  bytes: [...leaves, 'kernels'],
  checksum: [...leaves, 'bytes', 'kernels'],
  lzf: [...leaves, 'kernels'],
  kernels: [...leaves, 'catalog'],
  catalog: leaves,
  engine: [...leaves, 'catalog', 'kernels'],
  functions: [...leaves, 'engine', 'rdb'],
  aof: [...leaves, 'bytes', 'resp', 'rdb'],
  rdb: [...leaves, 'bytes', 'checksum', 'lzf', 'kernels', 'engine'],
  resp: [...leaves, 'bytes', 'catalog', 'kernels', 'rdb', 'engine'],
};

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

describe('architecture', () => {
  it.each(Object.keys(allowed))('src/%s imports only what lies below it', (part) => {
    const wrong: string[] = [];
    for (const file of sources(`src/${part}`)) {
      for (const specifier of imports(file).filter((name) => name.startsWith('.'))) {
        const target = partOf(file, specifier);
        if (target !== part && !allowed[part].includes(target)) wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
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
          /^(@oclif\/core\/|chalk$|cli-progress$|node:|\.\/)|\/src\/(index|aof\/dataset-choice|arrays|errors|findings|bytes\/(text|file-system)|engine\/flavor|operations\/.*)\.ts$/.test(
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
      const code = fs.readFileSync(path.join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return forbidden.test(code);
    });
    expect(wrong).toEqual([]);
  });
});
