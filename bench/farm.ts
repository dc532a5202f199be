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

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const lines = (count: number, line: (i: number) => string): string => range(count).map(line).join('');

const head = (ttl: number, server: string, negativeTtl: number): string =>
  `$TTL ${ttl}\n@ SOA ${server} host 1 3600 600 86400 ${negativeTtl}\n@ NS ${server}\n`;

/** What each of the three serves, on the addresses of 127.`net`.0.0/16. */
export function sites(net: number): readonly Site[] {
  const root = `127.${net}.1.1`;
  const registries = range(REGISTRIES).map((t) => `127.${net}.2.${t + 1}`);
  const hosts = range(HOSTS).map((k) => `127.${net}.3.${k + 1}`);
  const hostOf = (d: number, n: number): string => hosts[(d + 3 * n) % HOSTS] ?? '';
  const domains = range(REGISTRIES * DOMAINS).map((i) => [domainOf(i), domainZone(i, hostOf)]);
  const registered = registries.map((own, t) => [`tld${t}`, registryZone(own, hostOf)]);
  return [
    { addresses: [root], zones: { '.': rootZone(root, registries) }, question: 'a.root-servers.test' },
    { addresses: registries, zones: Object.fromEntries(registered), question: 'ns.nic.tld0' },
    { addresses: hosts, zones: Object.fromEntries(domains), question: FARM_QUESTION },
  ];
}

function rootZone(own: string, registries: readonly string[]): string {
  const cut = (t: number): string => `tld${t} NS ns.nic.tld${t}\nns.nic.tld${t} A ${registries[t]}\n`;
  const server = 'a.root-servers.test.';
  return `${head(86_400, server, 3_600)}${server} A ${own}\n${lines(REGISTRIES, cut)}`;
}

/** The n-th host of domain d of a registry, by address. */
type HostOf = (d: number, n: number) => string;

function registryZone(own: string, hostOf: HostOf): string {
  const cut = (d: number): string =>
    lines(2, (n) => `dom${d} NS ns${n}.dom${d}\nns${n}.dom${d} A ${hostOf(d, n)}\n`);
  return `${head(86_400, 'ns.nic', 900)}ns.nic A ${own}\n${lines(DOMAINS, cut)}`;
}

function domainZone(i: number, hostOf: HostOf): string {
  const [t, d] = [Math.floor(i / DOMAINS), i % DOMAINS];
  const servers = lines(2, (n) => `ns${n} A ${hostOf(d, n)}\n`);
  const names = `@ A 10.1.${t}.${d}\nwww CNAME @\nmail MX 10 mx\nmx A 10.2.${t}.${d}\n*.u A 10.9.9.9\n`;
  return `${head(3_600, 'ns0', 300)}@ NS ns1\n${servers}${names}`;
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

const domainOf = (i: number): string => `dom${i % DOMAINS}.tld${Math.floor(i / DOMAINS)}`;

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
