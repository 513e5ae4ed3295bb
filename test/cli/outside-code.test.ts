import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { isBuiltin } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binary, repository, sample } from './run.ts';

/*
 * Nothing below the home folder or the working folder is code, settings or a theme for aofkit: such a folder may be restored from a backup
 * that somebody else wrote, and the home of a server's user is its data folder.
 */
const tools = [
  [binary, 'check', sample],
  [binary, 'help'],
  [binary, 'help', 'check'],
  [binary, '--version'],
  [binary, 'nonsense'],
  [binary, 'check', '--nonsense'],
  [path.join(repository, 'bin', 'check-aof.js'), path.join(sample, 'appendonlydir', 'appendonly.aof.manifest')],
  [path.join(repository, 'bin', 'check-rdb.js'), path.join(sample, 'missing.rdb')],
];

let root: string;
let marker: string;

beforeAll(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'aofkit-home-'));
  marker = path.join(root, 'executed');
});

afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** A home folder, which is the working folder too, with everything that oclif, Node or its packages have ever looked for. */
function plant(home: string): void {
  const code = `require('node:fs').appendFileSync(${JSON.stringify(marker)}, __filename + '\\n');`;
  const write = (name: string, text: string) => {
    const file = path.join(home, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  };
  const hooks = Object.fromEntries(
    ['init', 'prerun', 'command_not_found', 'finally'].map((name) => [name, './code.cjs']),
  );
  const plugin = { name: 'planted', version: '1.0.0', main: './code.cjs', oclif: { hooks, commands: './commands' } };
  for (const data of ['.local/share/aofkit', '.config/aofkit', '.cache/aofkit', '.aofkit', '.local/share/@oclif']) {
    const linked = path.join(home, data, 'linked');
    const plugins = [
      { name: 'planted', type: 'user', tag: 'latest' },
      { name: 'linked', type: 'link', root: linked },
    ];
    write(`${data}/package.json`, JSON.stringify({ name: 'data', oclif: { schema: 1, plugins } }));
    write(`${data}/theme.json`, '{"bin": "red", "command": 1}');
    for (const folder of [`${data}/node_modules/planted`, `${data}/linked`]) {
      write(`${folder}/package.json`, JSON.stringify(plugin));
      write(`${folder}/code.cjs`, code);
      write(`${folder}/commands/nonsense.js`, code);
    }
  }
  const names = [
    'supports-color',
    'ts-node',
    'tsx',
    'typescript',
    'debug',
    'chalk',
    'ansis',
    'ejs',
    'planted',
    '@oclif/core',
  ];
  for (const folder of ['.node_modules', '.node_libraries', 'node_modules'])
    for (const name of names) write(`${folder}/${name}/index.js`, code);
  write('package.json', JSON.stringify({ name: 'working', oclif: plugin.oclif, dependencies: { planted: '1' } }));
  write('code.cjs', code);
  write('tsconfig.json', '{"compilerOptions": {"plugins": [{"name": "./code.cjs"}]}}');
  for (const name of ['.oclifrc', '.aofkitrc', '.oclif.manifest.json', '.npmrc', '.env'])
    write(name, 'NODE_OPTIONS=--require=./code.cjs\n');
}

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly changed: number;
}

function contents(home: string): Entry[] {
  return fs.readdirSync(home, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { size, mtimeMs } = fs.lstatSync(path.join(home, name));
    return { name, size, changed: mtimeMs };
  });
}

/** Runs a tool and gives what it printed, with an environment of its own. */
function run(words: readonly string[], env: Record<string, string>, cwd = root) {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd, encoding: 'utf8', env });
  return { status, stdout, stderr };
}

describe('code and settings from outside', () => {
  it('a planted home is not executed, not obeyed and not written to', () => {
    const home = path.join(root, 'home');
    plant(home);
    const before = contents(home);
    const path_ = process.env.PATH ?? '';
    for (const words of tools) {
      const clean = run(words, { PATH: path_ });
      const settings: Record<string, string>[] = [
        {},
        { NODE_ENV: 'development' },
        { NODE_ENV: 'test', AOFKIT_TS_NODE: '1', OCLIF_TS_NODE: '1' },
      ];
      for (const more of settings)
        expect(run(words, { PATH: path_, HOME: home, ...more }, home), words.join(' ')).toEqual(clean);
    }
    expect(fs.existsSync(marker) ? fs.readFileSync(marker, 'utf8') : '').toBe('');
    expect(contents(home)).toEqual(before);
  }, 120_000);

  it('a home that is missing, a file or unreadable gives no warning', () => {
    const locked = path.join(root, 'locked');
    fs.mkdirSync(locked, { mode: 0 });
    const file = path.join(root, 'file');
    fs.writeFileSync(file, '');
    const words = tools[0];
    const clean = run(words, {});
    expect(clean.stderr).toBe('');
    for (const home of ['/nonexistent', locked, file, '', '\t'])
      expect(run(words, { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }), home).toEqual(clean);
    fs.chmodSync(locked, 0o700);
  }, 60_000);

  it('the built commands load their own modules and those of Node, by names that stand in them', () => {
    const folder = path.join(repository, 'dist', 'commands');
    const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    const loaded = files.flatMap((name) => {
      const text = fs.readFileSync(path.join(folder, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
      return [...text.matchAll(/\b(?:require|import)\s*\(([^)]*)\)|\bfrom\s+(["'][^"']+["'])/g)].map(
        ([, argument, source]) => source ?? argument,
      );
    });
    const outside = loaded.filter((argument) => {
      const [, name] = /^["']([^"']+)["']$/.exec(argument.trim()) ?? [];
      return name === undefined || !(name.startsWith('./') || name.startsWith('../') || isBuiltin(name));
    });
    expect(outside).toEqual([]);
    expect(loaded.length).toBeGreaterThan(20);
  });
});
