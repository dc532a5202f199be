/**
 * Resolvers in the wild: each that is installed over an internet of its own, so that they can all be at it at
 * once and nobody's packets count for somebody else.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recursors } from './recursors.ts';
import { type Recipe, start } from './servers.ts';
import type { Sitting } from './sitting.ts';
import { WILD_QUESTION, WildInternet } from './wild.ts';

const CACHE_MB = 64;
/** Of the nets in 127.0.0.0/8, those behind the farm's. */
const NETS_FROM = 128;
const NETS = 120;

/** Knot Resolver believes no server's address that is on loopback, so there is nobody whom it would ask. */
const takesPart = ({ name }: Recipe): boolean => name !== 'Knot Resolver';

type Measure<Row> = (server: string, port: number, internet: WildInternet) => Promise<Row>;

/** All that are installed, at the same time, on all cores: for what is waited for and not worked at. */
export async function withResolvers<Row>(
  sitting: Sitting,
  part: string,
  measure: Measure<Row>,
): Promise<Row[] | undefined> {
  const rows = await Promise.all(names().map((name) => withOne(name, sitting, part, measure, '0,1')));
  return measured(rows);
}

/** One after the other, on the server's core. */
export async function inTurn<Row>(
  sitting: Sitting,
  part: string,
  measure: Measure<Row>,
): Promise<Row[] | undefined> {
  const rows: (Row | undefined)[] = [];
  for (const name of names()) rows.push(await withOne(name, sitting, part, measure));
  return measured(rows);
}

const names = (): string[] =>
  recursors({ hints: '', cacheMb: CACHE_MB })
    .filter(takesPart)
    .map(({ name }) => name);

function measured<Row>(rows: readonly (Row | undefined)[]): Row[] | undefined {
  const there = rows.filter((row) => row !== undefined);
  return there.length > 0 ? there : undefined;
}

async function withOne<Row>(
  name: string,
  { folder, skip }: Sitting,
  part: string,
  measure: Measure<Row>,
  cores?: string,
): Promise<Row | undefined> {
  const internet = await open(part, skip);
  if (internet === undefined) return undefined;
  try {
    const hints = join(folder, `${part}-${internet.root}.hints`);
    writeFileSync(hints, internet.hints);
    const recipe = recursors({ hints, cacheMb: CACHE_MB }).find((one) => one.name === name) as Recipe;
    const server = await start(recipe, {
      folder,
      question: WILD_QUESTION,
      skip,
      ...(cores ? { cores } : {}),
    });
    try {
      return server && (await measure(name, server.port, internet));
    } finally {
      await server?.stop();
    }
  } finally {
    internet.close();
  }
}

let netsTaken = 0;

async function open(part: string, skip: (why: string) => void): Promise<WildInternet | undefined> {
  try {
    return await WildInternet.open(NETS_FROM + ((process.pid + netsTaken++) % NETS), 53);
  } catch (error) {
    skip(`${part}: ${(error as Error).message}; may port 53 of loopback addresses be bound?`);
    return undefined;
  }
}
