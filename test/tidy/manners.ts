/**
 * Rules for one file by itself: how long things are, what they are called, which calls only one file may
 * make. Names and calls are judged in the syntax tree, so that words in comments and texts are free.
 */
import { lineOf, nameOf, nodesOf, type Source, type SyntaxNode } from './source.ts';

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 60;
export const LINE_CHARS_MAX = 110;
export const CITATIONS_PER_KLOC_MIN = 8;

const at = (source: Source, node: SyntaxNode): string => `${source.path}:${lineOf(source.text, node.start)}`;
const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');

export function longLines({ path, text }: Pick<Source, 'path' | 'text'>): string[] {
  return linesOf(text).flatMap((line, i) =>
    [...line].length > LINE_CHARS_MAX ? [`${path}:${i + 1} is ${[...line].length} characters wide`] : [],
  );
}

/** All bounds are in one place, however many they are. */
const TABLE_OF_BOUNDS = 'src/base/limits.ts';

export function longFile({ path, text }: Source): string[] {
  const lines = linesOf(text).length;
  if (path === TABLE_OF_BOUNDS) return [];
  return lines > FILE_LINES_MAX ? [`${path} is ${lines} lines long`] : [];
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

export function longFunctions(source: Source): string[] {
  return [...nodesOf(source.tree)]
    .filter((node) => FUNCTIONS.has(node.type))
    .map((node) => ({ node, lines: source.text.slice(node.start, node.end).split('\n').length }))
    .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ node, lines }) => `${at(source, node)} is a function of ${lines} lines`);
}

/** A file opens with its story: what lives here, what comes in, what goes out, the invariant. */
export function storyless({ path, text }: Source): string[] {
  const story = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  return story.replace(/[\s*]+/g, ' ').trim().length >= 40 ? [] : [`${path} does not open with its story`];
}

export function leftovers({ path, text }: Source): string[] {
  return linesOf(text).flatMap((line, i) => {
    const word = /\b(TODO|FIXME|XXX|HACK)\b/.exec(line)?.[1];
    return word === undefined ? [] : [`${path}:${i + 1} leaves a ${word}`];
  });
}

/** What is declared, with its name: variables, parameters, functions, classes, fields and methods. */
function* declarationsOf(tree: SyntaxNode): Generator<{ node: SyntaxNode; name: string; callable: boolean }> {
  const isFunction = (value: unknown): boolean =>
    FUNCTIONS.has((value as SyntaxNode | null)?.type ?? '') ||
    ((value as SyntaxNode | null)?.typeAnnotation as SyntaxNode | null)?.type === 'TSFunctionType';
  for (const node of nodesOf(tree)) {
    const { type } = node;
    if (type === 'VariableDeclarator') {
      yield* bindings(node.id as SyntaxNode, isFunction(node.init));
    } else if (type === 'MethodDefinition' || type === 'TSMethodSignature') {
      yield { node, name: nameOf(node.key) ?? '', callable: true };
    } else if (type === 'PropertyDefinition' || type === 'TSPropertySignature' || type === 'Property') {
      const callable = isFunction(node.value) || isFunction(node.typeAnnotation);
      // A property of an object literal may owe its name to somebody else's options.
      if (type !== 'Property' || callable) yield { node, name: nameOf(node.key) ?? '', callable };
    } else if (FUNCTIONS.has(type)) {
      if (node.id) yield { node, name: nameOf(node.id) ?? '', callable: true };
      for (const parameter of node.params as SyntaxNode[]) yield* bindings(parameter, false);
    }
  }
}

/** The names a pattern binds. */
function* bindings(
  pattern: SyntaxNode,
  callable: boolean,
): Generator<{ node: SyntaxNode; name: string; callable: boolean }> {
  const inner = pattern.argument ?? pattern.left ?? pattern.value;
  if (pattern.type === 'Identifier') yield { node: pattern, name: nameOf(pattern) ?? '', callable };
  else if (inner) yield* bindings(inner as SyntaxNode, false);
  else {
    const parts = (pattern.properties ?? pattern.elements ?? []) as (SyntaxNode | null)[];
    for (const part of parts) if (part !== null) yield* bindings(part, false);
  }
}

const FILE_NAMES = /(^|[-_.])(utils?|helpers?|common|managers?)([-_.]|$)/;
const FUNCTION_NAMES = /^#?(handle|process|do)([A-Z]|$)/;
const EMPTY_WORDS = /^#?(data|info)$/;
const EMPTY_ROLES = /(utils?|helpers?|manager)$/i;

export function emptyNames(source: Source): string[] {
  const wrong = source.path.split('/').filter((part) => FILE_NAMES.test(part));
  const inFile = [...declarationsOf(source.tree)]
    .filter(({ name, callable }) =>
      callable ? FUNCTION_NAMES.test(name) : EMPTY_WORDS.test(name) || EMPTY_ROLES.test(name),
    )
    .map(({ node, name }) => `${at(source, node)} names something ${name}`);
  return [...wrong.map((part) => `${source.path} is called ${part}`), ...inFile];
}

/** Clock and chance are arguments: only this file reads them. */
const WORLD = 'src/base/world.ts';
const CLOCK_AND_CHANCE = new Set([
  'Date.now',
  'performance.now',
  'process.hrtime',
  'process.hrtime.bigint',
  'Math.random',
  'setTimeout',
  'setInterval',
  'randomInt',
  'randomBytes',
  'randomUUID',
  'crypto.getRandomValues',
  'new Date',
]);
/** systemd is told a moment by its own clock, CLOCK_MONOTONIC, which no world's clock is. */
const EXCEPTIONS = new Set(['src/control/notify.ts process.hrtime.bigint']);
const NEVER = new Set(['eval', 'new Function']);

/** `a.b.c` for a chain of plain names. */
function chainOf(node: SyntaxNode): string {
  if (node.type !== 'MemberExpression') return nameOf(node) ?? '';
  return `${chainOf(node.object as SyntaxNode)}.${nameOf(node.property) ?? ''}`;
}

const mayRead = (path: string, call: string): boolean => path === WORLD || EXCEPTIONS.has(`${path} ${call}`);

export function forbiddenCalls(source: Source): string[] {
  return [...nodesOf(source.tree)]
    .filter((node) => node.type === 'CallExpression' || node.type === 'NewExpression')
    .map((node) => {
      const chain = chainOf(node.callee as SyntaxNode).replace(/^globalThis\./, '');
      // `new Date(ms)` only formats; without an argument it reads the clock.
      const reads = chain !== 'Date' || (node.arguments as unknown[]).length === 0;
      return { node, call: node.type === 'NewExpression' ? (reads ? `new ${chain}` : '') : chain };
    })
    .filter(({ call }) => NEVER.has(call) || (CLOCK_AND_CHANCE.has(call) && !mayRead(source.path, call)))
    .map(({ node, call }) => `${at(source, node)} calls ${call}`);
}

/** RFCs cited per thousand lines, over the files of one room. */
export function citationsPerKloc(sources: readonly Source[]): number {
  const text = sources.map((source) => source.text).join('');
  return (1000 * (text.match(/\bRFC \d{3,5}\b/g)?.length ?? 0)) / linesOf(text).length;
}
