/**
 * A small internet on loopback: a root, 20 registries, 2,000 domains at ten hosting addresses, two for each
 * domain. Root, registries and hosting are three processes of NSD, so that nobody can answer for more than it
 * is; they run on the client's core. Resolvers ask at port 53, so binding that has to be allowed. Addresses
 * are drawn from the process's ID, so that two benches do not meet.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nsdServer } from './authorities.ts';
import { isInstalled } from './machine.ts';
import { CLIENT_CORE, launch, type Server, stopAll } from './servers.ts';
import { chance, writeLines } from './zone.ts';

const REGISTRIES = 20;
const DOMAINS = 100;
const HOSTS = 10;
const HOT_QUERIES = 200_000;

/** A name that resolves. */
export const FARM_QUESTION = 'dom0.tld0';

export interface Farm {
  /** A file of root hints. */
  readonly hints: string;
  stop(): Promise<unknown>;
}

interface Site {
  readonly addresses: readonly string[];
  /** Text by name. */
  readonly zones: Readonly<Record<string, string>>;
  /** An A record that it answers with. */
  readonly question: string;
}

const soa = (server: string, negative: number): string =>
  `@ SOA ${server} host 1 3600 600 86400 ${negative}\n@ NS ${server}\n`;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** What each of the three serves, on the addresses of 127.`net`.0.0/16. */
export function sites(net: number): readonly Site[] {
  const root = `127.${net}.1.1`;
  const registries = range(REGISTRIES).map((t) => `127.${net}.2.${t + 1}`);
  const hosts = range(HOSTS).map((k) => `127.${net}.3.${k + 1}`);
  const serversOf = (d: number): string[] => [hosts[d % HOSTS] ?? '', hosts[(d + 3) % HOSTS] ?? ''];
  const delegations = registries.map(
    (address, t) => `tld${t} NS ns.nic.tld${t}\nns.nic.tld${t} A ${address}\n`,
  );
  const registry = (address: string): string =>
    `$TTL 86400\n${soa('ns.nic', 900)}ns.nic A ${address}\n${range(DOMAINS).map(cut).join('')}`;
  const cut = (d: number): string =>
    serversOf(d)
      .map((address, n) => `dom${d} NS ns${n}.dom${d}\nns${n}.dom${d} A ${address}\n`)
      .join('');
  const domain = (t: number, d: number): string =>
    `$TTL 3600\n${soa('ns0', 300)}@ NS ns1\n${serversOf(d)
      .map((address, n) => `ns${n} A ${address}\n`)
      .join('')}@ A 10.1.${t}.${d}\nwww CNAME @\n*.u A 10.9.9.9\nmail MX 10 mx\nmx A 10.2.${t}.${d}\n`;
  const each = range(REGISTRIES).flatMap((t) => range(DOMAINS).map((d) => [t, d] as const));
  return [
    {
      addresses: [root],
      zones: {
        '.': `$TTL 86400\n${soa('a.root-servers.test.', 3_600)}a.root-servers.test. A ${root}\n${delegations.join('')}`,
      },
      question: 'a.root-servers.test',
    },
    {
      addresses: registries,
      zones: Object.fromEntries(registries.map((address, t) => [`tld${t}`, registry(address)])),
      question: 'ns.nic.tld0',
    },
    {
      addresses: hosts,
      zones: Object.fromEntries(each.map(([t, d]) => [`dom${d}.tld${t}`, domain(t, d)])),
      question: FARM_QUESTION,
    },
  ];
}

function configure(own: string, { addresses, zones }: Site): string {
  mkdirSync(own);
  const listen = addresses.map((address) => `  ip-address: ${address}@53\n`).join('');
  const served = Object.entries(zones).map(([name, text]) => {
    const file = join(own, name === '.' ? 'root.zone' : `${name}.zone`);
    writeFileSync(file, text);
    return `zone:\n  name: ${name}\n  zonefile: ${file}\n`;
  });
  const config = join(own, 'nsd.conf');
  writeFileSync(
    config,
    `${nsdServer(own, 1)}${listen}remote-control:\n  control-enable: no\n${served.join('')}`,
  );
  return config;
}

/** Undefined, and `skip` knows why, where it cannot be. */
export async function startFarm(folder: string, skip: (why: string) => void): Promise<Farm | undefined> {
  if (!isInstalled('nsd')) return skip('resolvers: the internet they ask is made of NSD') as undefined;
  const own = mkdtempSync(join(folder, 'farm-'));
  const all = sites(64 + (process.pid % 64));
  const servers: Server[] = [];
  for (const [i, site] of all.entries()) {
    const command = ['taskset', '-c', CLIENT_CORE, 'nsd', '-d', '-c', configure(join(own, `site${i}`), site)];
    const server = await launch('the farm', command, site.addresses[0] ?? '', 53, site.question);
    if (typeof server === 'string') {
      await stopAll(servers);
      return skip(`resolvers: ${server}; may port 53 of loopback addresses be bound?`) as undefined;
    }
    servers.push(server);
  }
  const hints = join(own, 'root.hints');
  const [root = ''] = all[0]?.addresses ?? [];
  writeFileSync(hints, `. 3600000 NS a.root-servers.test.\na.root-servers.test. 3600000 A ${root}\n`);
  return { hints, stop: () => stopAll(servers) };
}

const KINDS = ['', 'www.', 'mail.', 'nx.', 'mx.', 'mx.'] as const;
const TYPES = ['A', 'A', 'MX', 'A', 'A', 'AAAA'] as const;

/** 12,000 questions, each once: what there is to know. */
export async function writeWarmQueries(folder: string): Promise<string> {
  const file = join(folder, 'warm.txt');
  await writeLines(file, '', REGISTRIES * DOMAINS * KINDS.length, (i) => hotQuestion(i));
  return file;
}

/** The same, drawn at random again and again. */
export async function writeHotQueries(folder: string): Promise<string> {
  const draw = chance(2);
  const file = join(folder, 'hot.txt');
  const questions = REGISTRIES * DOMAINS * KINDS.length;
  await writeLines(file, '', HOT_QUERIES, () => hotQuestion(Math.floor(draw() * questions)));
  return file;
}

function hotQuestion(i: number): string {
  const [kind, domain] = [i % KINDS.length, Math.floor(i / KINDS.length)];
  return `${KINDS[kind]}${domainOf(domain)} ${TYPES[kind]}\n`;
}

const domainOf = (i: number): string => `dom${i % DOMAINS}.tld${Math.floor(i / DOMAINS) % REGISTRIES}`;

/** Names from number `from` on that nobody has asked before: each exists, by a wildcard. */
export async function writeNewNames(folder: string, from: number, count: number): Promise<string> {
  const draw = chance(from);
  const file = join(folder, `new-${from}.txt`);
  await writeLines(file, '', count, (i) => `r${from + i}.u.${anyDomain(draw)} A\n`);
  return file;
}

/** Random subdomains: half of them do not exist, half do not have the type. */
export async function writeFloodNames(folder: string, from: number, count: number): Promise<string> {
  const draw = chance(from);
  const file = join(folder, `flood-${from}.txt`);
  await writeLines(file, '', count, (i) =>
    i % 2 ? `f${from + i}.${anyDomain(draw)} A\n` : `f${from + i}.u.${anyDomain(draw)} AAAA\n`,
  );
  return file;
}

const anyDomain = (draw: () => number): string => domainOf(Math.floor(draw() * REGISTRIES * DOMAINS));
