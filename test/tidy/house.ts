/**
 * Rules over the house as a whole: who imports whom, what is reachable, what docs/HOUSE.md promises. The
 * floors are read from the table in docs/HOUSE.md, so that the drawing and the law are one.
 */
import { nameOf, type Source, type SyntaxNode } from './source.ts';

export interface Room {
  readonly name: string;
  readonly floor: number;
  /** The words of its entry: its files among them, without `.ts`. */
  readonly words: ReadonlySet<string>;
}

/**
 * Entries such as `wire/   floor 1   pure: codes reader (a cursor)`, which go on in lines that are indented.
 */
export function roomsOf(houseText: string): Room[] {
  const entries = houseText.matchAll(/^ +(\w+)\/ +floor (\d+) +(.+(?:\n {20,}.+)*)$/gm);
  return [...entries].map(([, name = '', floor, text = '']) => ({
    name,
    floor: Number(floor),
    words: new Set(text.replace(/\([^)]*\)/g, '').split(/[\s,;:.]+/)),
  }));
}

/** `src/wire/name.ts` is in `wire`; `src/main.ts` stands outside, in no room. */
const roomIn = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];

/**
 * Imports go down the floors only; rooms on one floor do not know each other; nobody inside knows who wires.
 */
export function climbs(source: Source, rooms: readonly Room[]): string[] {
  const floors = new Map(rooms.map((room) => [room.name, room.floor]));
  const room = roomIn(source.path);
  if (room === undefined) return [];
  const floor = floors.get(room);
  if (floor === undefined) return [`${source.path} is in a room that docs/HOUSE.md does not know`];
  return source.imports
    .filter(({ target }) => target.startsWith('src/') && roomIn(target) !== room)
    .filter(({ target }) => (floors.get(roomIn(target) ?? '') ?? Infinity) >= floor)
    .map(({ target }) => `${source.path} climbs to ${target}`);
}

/** A cycle is named once, from its first file in order of path. */
export function cycles(sources: readonly Source[]): string[] {
  const targets = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.filter((one) => one.kind === 'file').map((one) => one.target),
    ]),
  );
  const found = new Map<string, string>();
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const loop = trail.slice(at);
      found.set([...loop].sort().join(), `${[...loop, path].join(' → ')} is a cycle`);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return [...found.values()];
}

/** Files of `src` that no chain of imports from the entries reaches. */
export function deadFiles(sources: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { target } of byPath.get(path)?.imports ?? []) visit(target);
  };
  for (const entry of entries) visit(entry);
  return sources.filter((one) => !reached.has(one.path)).map((one) => `${one.path} is reached by nobody`);
}

/** Relative imports that lead nowhere, and packages that an installation without dev dependencies lacks. */
export function danglingImports(
  source: Source,
  exists: (path: string) => boolean,
  packages: ReadonlySet<string>,
): string[] {
  return source.imports
    .filter(({ kind, target }) => (kind === 'package' ? !isInstalled(target, packages) : !exists(target)))
    .map(({ target }) => `${source.path} imports ${target}, which is not there`);
}

function isInstalled(target: string, packages: ReadonlySet<string>): boolean {
  const [scope = '', name = ''] = target.split('/');
  return target.startsWith('node:') || packages.has(scope.startsWith('@') ? `${scope}/${name}` : scope);
}

/** The values (not types) a file exports by name. */
function exportsOf(source: Source): string[] {
  return (source.tree.body as SyntaxNode[])
    .filter((node) => node.type === 'ExportNamedDeclaration' && node.source === null)
    .map((node) => node.declaration as SyntaxNode | null)
    .flatMap((declaration) => {
      if (declaration === null || declaration.type.startsWith('TS')) return [];
      const declared = (declaration.declarations as SyntaxNode[] | undefined) ?? [declaration];
      return declared.map((one) => nameOf(one.id)).filter((name) => name !== undefined);
    });
}

/** Exported values that nobody takes, tests included: either dead, or private. */
export function unusedExports(sources: readonly Source[], users: readonly Source[]): string[] {
  const taken = new Set<string>();
  for (const { imports } of users) {
    for (const { target, names } of imports) for (const name of names) taken.add(`${target} ${name}`);
  }
  return sources.flatMap((source) =>
    exportsOf(source)
      .filter((name) => !taken.has(`${source.path} ${name}`) && !taken.has(`${source.path} *`))
      .map((name) => `${source.path} exports ${name}, which nobody imports`),
  );
}

/** Paths in backquotes that have a slash, which a page of docs names but the house lacks. */
export function missingPaths(page: string, text: string, exists: (path: string) => boolean): string[] {
  const quoted = [...text.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, path = '']) => path);
  return [...new Set(quoted)]
    .filter((path) => ![path, `src/${path}`, `src/${path}.ts`].some(exists))
    .map((path) => `${page} names ${path}, which is not there`);
}

/**
 * Files that are not in the entry of their room, and words of an entry that can only be files, yet are none.
 */
export function unlikeTheTable(sources: readonly Source[], rooms: readonly Room[]): string[] {
  const paths = new Set(sources.map(({ path }) => path));
  const inRoom = (room: Room): string[] => [...paths].filter((path) => roomIn(path) === room.name);
  const fileName = (path: string): string => path.replace(/^.*\//, '').replace(/\.ts$/, '');
  return rooms.flatMap((room) => [
    ...inRoom(room)
      .filter((path) => !room.words.has(fileName(path)))
      .map((path) => `${path} is not in the table of docs/HOUSE.md`),
    ...[...room.words]
      .filter((word) => /^\w+(-\w+)+$/.test(word) && !paths.has(`src/${room.name}/${word}.ts`))
      .map((word) => `docs/HOUSE.md has ${word} in ${room.name}, which is not there`),
  ]);
}

/** Bounds that docs/LIMITS.md names and nothing declares. */
export function missingLimits(limitsText: string, limits: readonly Source[]): string[] {
  const declared = new Set(limits.flatMap(exportsOf));
  return [...limitsText.matchAll(/`([A-Z][A-Z_]+_[A-Z]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => !declared.has(name))
    .map((name) => `docs/LIMITS.md names ${name}, which no file of limits has`);
}
