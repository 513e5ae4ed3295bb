import path from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');
const entry = path.join(root, 'src/index.ts');

/** Names of this project's types that declarations of `src/index.ts` name, those within these types too, and that it does not export. */
function namedButNotExported(): string[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram([entry], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const resolved = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const index = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
  const exported = new Set(checker.getExportsOfModule(index).map(resolved));
  const missing = new Set<string>();
  const seen = new Set<ts.Node>();
  const visit = (node: ts.Node): void => {
    if (seen.has(node) || ts.isBlock(node) || hasModifier(node, ts.SyntaxKind.PrivateKeyword)) return;
    seen.add(node);
    if (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name)) return;
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const found = checker.getSymbolAtLocation(ts.isTypeReferenceNode(node) ? node.typeName : node.expression);
      if (found !== undefined) meet(resolved(found));
    }
    // A value's initializer is no part of what the API names, unless it gives the type.
    ts.forEachChild(node, (child) => {
      if (!(ts.isVariableDeclaration(node) && child === node.initializer)) visit(child);
    });
  };
  const meet = (symbol: ts.Symbol): void => {
    for (const declaration of symbol.declarations ?? []) {
      const file = path.relative(root, declaration.getSourceFile().fileName);
      if (!file.startsWith('src') || ts.isTypeParameterDeclaration(declaration)) continue;
      if (!exported.has(symbol)) missing.add(`${symbol.name} of ${file}`);
      visit(declaration);
    }
  };
  for (const symbol of exported) for (const declaration of symbol.declarations ?? []) visit(declaration);
  return [...missing].sort();
}

function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}

it('every type that the public API names is exported', () => {
  expect(namedButNotExported()).toEqual([]);
});
