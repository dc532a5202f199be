/**
 * A source file as the tidy rules see it: its text, its syntax tree, and what it imports. Rules are functions
 * from sources to sentences that say what is wrong and where; no sentence, no wrong.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dirname, normalize } from 'node:path/posix';
import { parseAst } from 'vitest/node';

export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Import {
  /** Only a file that runs can be in a circle: types are erased, and a worker has modules of its own. */
  readonly kind: 'file' | 'types' | 'worker' | 'package';
  /** A path from the top of the project (`src/wire/name.ts`), or a package as written. */
  readonly target: string;
  /** What is taken; `*` for all of it. */
  readonly names: readonly string[];
}

export interface Source {
  /** From the top of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: SyntaxNode;
  readonly imports: readonly Import[];
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';

/** The nodes right below a node, in order of appearance. */
const childrenOf = (node: SyntaxNode): SyntaxNode[] => Object.values(node).flat().filter(isNode);

/** A node and everything below it, parents before children. */
export function* nodesOf(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

export const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

const literal = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;

export const nameOf = (node: unknown): string | undefined =>
  isNode(node) && (node.type === 'Identifier' || node.type === 'PrivateIdentifier')
    ? (node.name as string)
    : literal(node);

/**
 * What a node imports: `import`, `export from`, `import()`, a type's `import('…')`, a worker's `new
 * URL('./…')`.
 */
function importOf(node: SyntaxNode): { from: string; names: string[] } | undefined {
  const from = literal(node.source);
  if (from !== undefined) {
    const specifiers = (node.specifiers as SyntaxNode[] | undefined) ?? [];
    const names = specifiers.map((one) => nameOf(one.imported ?? one.local) ?? '*');
    return {
      from,
      names: specifiers.some((one) => /Namespace/.test(one.type)) || !names.length ? ['*'] : names,
    };
  }
  if (node.type === 'NewExpression' && nameOf(node.callee) === 'URL') {
    const first = literal((node.arguments as SyntaxNode[])[0]);
    if (first?.startsWith('.') && first.endsWith('.ts')) return { from: first, names: ['*'] };
  }
  return undefined;
}

function kindOf(node: SyntaxNode): Import['kind'] {
  if (node.type === 'NewExpression') return 'worker';
  return node.type === 'TSImportType' || node.importKind === 'type' ? 'types' : 'file';
}

/** Reads a text as the file at `path`. */
export function sourceOf(path: string, text: string): Source {
  const tree = parseAst(text, { lang: 'ts' }, path) as unknown as SyntaxNode;
  const imports: Import[] = [];
  for (const node of nodesOf(tree)) {
    const found = importOf(node);
    if (found === undefined) continue;
    const { from, names } = found;
    const relative = from.startsWith('.');
    imports.push({
      kind: relative ? kindOf(node) : 'package',
      target: relative ? normalize(`${dirname(path)}/${from}`) : from,
      names,
    });
  }
  return { path, text, tree, imports };
}

/** Every TypeScript file below a folder, sorted by path. */
export function sourcesBelow(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) =>
      sourceOf(`${folder}/${file.replaceAll('\\', '/')}`, readFileSync(join(folder, file), 'utf8')),
    );
}
