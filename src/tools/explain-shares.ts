/**
 * `cairn explain --shares`: has the server rehearse what clients get from a pool, or does so itself from the
 * files that settings name, and makes a table of it.
 */
import { resolve } from 'node:path';
import { realWorld } from '../base/world.ts';
import { configure } from '../control/config.ts';
import { readAll } from '../control/load.ts';
import { presumedUp, rehearse, type ToldShare, type ToldShares } from '../control/rehearsal.ts';
import { planned } from '../pool/plan-builder.ts';
import { typeFromText } from '../wire/codes.ts';
import { type Name, nameFromText } from '../wire/name.ts';
import { Catalog } from '../zone/catalog.ts';
import { complaintText } from '../zone/complaint.ts';
import { askServer } from './control-client.ts';
import { memberText } from './ctl-pool.ts';
import { columns } from './ctl-print.ts';
import { bare } from './trail-print.ts';

export interface SharesFlags {
  readonly clients?: string | undefined;
  readonly world?: string | undefined;
  readonly zone?: string | undefined;
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly socket?: string | undefined;
}

export async function sharesText(
  { name, type }: { name: string; type: string | undefined },
  flags: SharesFlags,
): Promise<string> {
  const { clients, zone, config, json, socket } = flags;
  if (clients !== undefined && flags.world !== undefined) throw new Error('--clients or --world, not both');
  const world = flags.world === undefined ? undefined : Number(flags.world);
  if (world !== undefined && !Number.isInteger(world)) throw new Error('--world takes a number of clients');
  // The server may have another working directory.
  const files = { clients: clients && resolve(clients), zone: zone && resolve(zone) };
  const asked = { name, type, world, ...files };
  const told =
    config === undefined
      ? ((await askServer({ do: 'shares', ...asked }, socket).next()).value as ToldShares)
      : await rehearseAlone({ ...asked, config });
  return json ? `${JSON.stringify(told)}\n` : tableText(told);
}

interface Alone {
  readonly name: string;
  readonly type: string | undefined;
  readonly world: number | undefined;
  readonly clients: string | undefined;
  readonly zone: string | undefined;
  readonly config: string;
}

async function rehearseAlone({ config, name, type = 'A', ...others }: Alone): Promise<ToldShares> {
  const { settings, complaints } = await configure({ config });
  if (settings === undefined) throw new Error(complaints.map(complaintText).join('\n'));
  const reading = await readAll({ ...settings, cache: { images: undefined, learned: undefined } });
  const { loadout } = reading;
  if (loadout === undefined) throw new Error(reading.complaints.map(complaintText).join('\n'));
  const images = loadout.catalog.images.map((image) => presumedUp(planned(image, undefined)));
  const stock = { catalog: new Catalog(images), places: loadout.places, checks: settings.checks };
  const question = { name: nameFromText(name) as Name, type: typeFromText(type) as number };
  return rehearse({ ...question, ...others }, stock, realWorld);
}

function tableText({ name, type, clients, now, coming }: ToldShares): string {
  const head = `${bare(name)} ${type}, chosen for ${clients.count} clients: ${clients.who}\n\n`;
  if (coming === undefined) return head + presentText(now);
  const before = new Map(now.map((share) => [memberText(share), share]));
  const after = new Map(coming.map((share) => [memberText(share), share]));
  const members = [...new Map([...before, ...after]).keys()];
  const compared = members.map((member) => {
    const [was, is] = [before.get(member), after.get(member)];
    const parts = [was?.share ?? 0, is?.share ?? 0] as const;
    const difference = (100 * (parts[1] - parts[0])).toFixed(1);
    const signed = difference.startsWith('-') ? difference : `+${difference}`;
    return [
      ...who((is ?? was) as ToldShare),
      was ? percent(parts[0]) : '–',
      is ? percent(parts[1]) : '–',
      signed,
    ];
  });
  return head + table([...WHO, 'go there now', 'then', 'difference'], compared);
}

function presentText(now: readonly ToldShare[]): string {
  const isMixed = now.some(({ byFamily }) => byFamily !== undefined);
  const titles = [...WHO, 'go there', ...(isMixed ? ['of IPv4', 'of IPv6'] : []), 'are told of it'];
  const rows = now.map((each) => {
    const { share, told, byFamily } = each;
    const families = byFamily === undefined ? [] : [percent(byFamily.ipv4), percent(byFamily.ipv6)];
    return [...who(each), percent(share), ...families, percent(told)];
  });
  return table(titles, rows);
}

const WHO = ['member', 'weight', 'tier', 'state'];

const who = (share: ToldShare): string[] => [
  memberText(share),
  String(share.weight),
  String(share.tier),
  share.state,
];

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

/** Numbers that people compare end below each other. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows];
  const width = (column: number): number => Math.max(...all.map((row) => row[column]?.length ?? 0));
  const aligned = all.map((row) =>
    row.map((cell, column) => (column < WHO.length ? cell : cell.padStart(width(column)))),
  );
  return columns(aligned.map((row) => ['', ...row])).join('');
}
