/**
 * What the benchmark serves and asks: a zone of 100,000 names with its query list (80 % A that are there, 5 %
 * types that are not, 7 % names that are not, wildcards, an alias, SRV), and a zone of a million A records
 * with its own. The same seed gives the same files.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';

export interface Workload {
  readonly apex: string;
  /** Where it is. */
  readonly file: string;
  readonly records: number;
}

const NAMES = 100_000;
const QUERIES = 200_000;
const BIG_NAMES = 1_000_000;
const head = (serial: number): string => `$TTL 300
@ SOA ns1 host ${serial} 3600 600 86400 60
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns2 A 192.0.2.2
`;

/** Mulberry32: good enough to draw queries, and short. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function writeLines(
  file: string,
  head: string,
  count: number,
  line: (i: number) => string,
): Promise<void> {
  const out = createWriteStream(file);
  let text = head;
  for (let i = 0; i < count; i++) {
    text += line(i);
    if (text.length < 1 << 20) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'close');
}

const host = (i: number): string => `h${i} A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}\n`;

export async function writeZone(folder: string): Promise<Workload> {
  const apex = 'example.test';
  const file = join(folder, `${apex}.zone`);
  const rest = '*.wild A 192.0.2.9\nwww CNAME h1\n_http._tcp SRV 0 5 80 h1\n_http._tcp SRV 0 5 80 h2\n';
  await writeLines(file, head(1) + rest, NAMES, host);
  return { apex, file, records: NAMES };
}

export async function writeBigZone(folder: string, serial = 1): Promise<Workload> {
  const apex = 'big.test';
  const file = join(folder, `${apex}.zone${serial === 1 ? '' : `.${serial}`}`);
  await writeLines(file, head(serial), BIG_NAMES, host);
  return { apex, file, records: BIG_NAMES };
}

/** Names of the big zone, drawn at random. */
export async function writeBigQueries(folder: string): Promise<string> {
  const draw = chance(3);
  const file = join(folder, 'big-queries.txt');
  await writeLines(file, '', QUERIES, () => `h${Math.floor(draw() * BIG_NAMES)}.big.test A\n`);
  return file;
}

/** One question a line, as dnsperf reads them. */
export async function writeQueries(folder: string): Promise<string> {
  const draw = chance(1);
  const file = join(folder, 'queries.txt');
  await writeLines(file, '', QUERIES, () => {
    const i = Math.floor(draw() * NAMES);
    const kind = draw();
    if (kind < 0.8) return `h${i}.example.test A\n`;
    if (kind < 0.85) return `h${i}.example.test AAAA\n`;
    if (kind < 0.92) return `nx${i}.example.test A\n`;
    if (kind < 0.95) return `x${i}.wild.example.test A\n`;
    if (kind < 0.97) return 'www.example.test A\n';
    return '_http._tcp.example.test SRV\n';
  });
  return file;
}
