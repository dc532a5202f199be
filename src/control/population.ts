/**
 * Clients to rehearse answers for: those of a file of prefixes, or of the world. In: a file, or how many.
 * Out: addresses one after the other, each with what it counts.
 */
import { readFileSync, statSync } from 'node:fs';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { REHEARSED_CLIENTS, REHEARSED_CLIENTS_MAX, REHEARSED_FILE_BYTES_MAX } from '../base/limits.ts';
import { type Prefix, parsePrefix } from '../base/prefix.ts';
import type { Lots } from '../pool/lots.ts';
import type { Whereabouts } from '../pool/whereabouts.ts';
import { systemText } from '../zone/files.ts';
import { RequestFault } from './control-socket.ts';

export interface Client {
  readonly address: Uint8Array;
  readonly weight: number;
}

export interface Population {
  /** Who they are, in words. */
  readonly who: string;
  readonly count: number;
  [Symbol.iterator](): Iterator<Client>;
}

/** Tries for an address that a database knows. */
const TRIES = 20;

/**
 * Half of them IPv4, of addresses that the database knows the country of, any as likely as another; half
 * IPv6, of which whoever asks gets so much that its size says nothing of how many are there: the country is
 * that of an IPv4 address, and the range any that the database knows there. Where it knows none, the client
 * has IPv4.
 */
export function worldOf(count: number, table: Whereabouts | undefined, lots: Lots): Population {
  const ranges = table && new CountryRanges(table);
  const hasV6 = ranges === undefined || ranges.count > 0;
  const where = table === undefined ? 'anywhere' : 'of all countries';
  return {
    ...{ who: hasV6 ? `addresses ${where}, half of them IPv6` : `IPv4 addresses ${where}`, count },
    *[Symbol.iterator]() {
      for (let i = 0; i < count; i++) {
        const v4 = somewhere(table, lots);
        yield { address: (i % 2 === 1 ? somewhereV6(ranges, lots) : undefined) ?? v4, weight: 1 };
      }
    },
  };
}

/** What has been given out (IANA, IPv6 global unicast addresses). */
const GLOBAL_UNICAST: Prefix = { bytes: Uint8Array.of(0x20, ...new Uint8Array(15)), bits: 3 };
const isGlobal = (address: Uint8Array): boolean => (address[0] as number) >> 5 === 1;

/** In the country that was found last; undefined where no range of it is known. */
const somewhereV6 = (ranges: CountryRanges | undefined, lots: Lots): Uint8Array | undefined =>
  ranges === undefined ? addressIn(GLOBAL_UNICAST, lots) : ranges.drawn(lots);

/** The ranges of IPv6 that a database knows something of, by country; 0 where it knows none. */
class CountryRanges {
  readonly #table: Whereabouts;
  readonly #ranges = new Map<number, number[]>();
  count = 0;

  constructor(table: Whereabouts) {
    this.#table = table;
    const first = new Uint8Array(IPV6_BYTES);
    for (let range = 0; range < table.rangesOfV6; range++) {
      table.visitV6(range, first);
      const { continent, country, asn } = table;
      if (!isGlobal(first) || (continent | country | asn) === 0) continue;
      const known = this.#ranges.get(country);
      if (known === undefined) this.#ranges.set(country, [range]);
      else known.push(range);
      this.count++;
    }
  }

  /** An address of the country that the table was asked for last. */
  drawn(lots: Lots): Uint8Array | undefined {
    const ranges = this.#ranges.get(this.#table.country);
    if (ranges === undefined) return undefined;
    const range = ranges[Math.floor(ranges.length * lots.fraction())] as number;
    const first = this.#begin(range);
    const part = BigInt(Math.floor(2 ** 53 * lots.fraction()));
    const address = first + (((this.#begin(range + 1) - first) * part) >> 53n);
    return Buffer.from(address.toString(16).padStart(2 * IPV6_BYTES, '0'), 'hex');
  }

  #begin(range: number): bigint {
    if (range === this.#table.rangesOfV6) return 1n << 128n;
    const first = Buffer.alloc(IPV6_BYTES);
    this.#table.visitV6(range, first);
    return BigInt(`0x${first.toString('hex')}`);
  }
}

/** An address of IPv4, which the table has found. */
function somewhere(table: Whereabouts | undefined, lots: Lots): Uint8Array {
  const address = new Uint8Array(IPV4_BYTES);
  for (let tries = 0; tries < TRIES; tries++) {
    for (let i = 0; i < IPV4_BYTES; i++) address[i] = 256 * lots.fraction();
    const first = address[0] as number;
    if (first === 0 || first === 10 || first === 127 || first >= 224) continue; // RFC 6890 §2.2.2
    table?.find(address);
    if (table === undefined || table.country !== 0) break;
  }
  return address;
}

interface Line extends Prefix {
  readonly weight: number;
}

/** Few lines are gone through several times, each time with another address of the prefix. */
export function populationFrom(file: string, lots: Lots): Population {
  const lines = readLines(file);
  const rounds = Math.ceil(REHEARSED_CLIENTS / lines.length);
  return {
    who: `the clients of ${file}`,
    count: rounds * lines.length,
    *[Symbol.iterator]() {
      for (let round = 0; round < rounds; round++) {
        for (const line of lines) yield { address: addressIn(line, lots), weight: line.weight };
      }
    },
  };
}

function readLines(file: string): Line[] {
  let text: string;
  try {
    if (statSync(file).size > REHEARSED_FILE_BYTES_MAX) throw new RequestFault(`${file} is too large`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw error instanceof RequestFault ? error : new RequestFault(`${file}: ${systemText(error)}`);
  }
  const faults: string[] = [];
  const lines = text.split('\n').flatMap((each, i): Line[] => {
    const [prefix = '', weight = '1', ...more] = each.replace(/#.*/, '').trim().split(/\s+/);
    if (prefix === '') return [];
    const read = parsePrefix(prefix);
    const isWeight = /^\d+(?:\.\d+)?$/.test(weight) && Number(weight) > 0;
    if (typeof read === 'string') faults.push(`${file}:${i + 1}: expected ${read}, found ${prefix}`);
    else if (!isWeight || more.length > 0)
      faults.push(`${file}:${i + 1}: expected a prefix, and perhaps a weight above 0`);
    else return [{ ...read, weight: Number(weight) }];
    return [];
  });
  if (lines.length === 0 && faults.length === 0) faults.push(`${file}: expected prefixes, one a line`);
  if (lines.length > REHEARSED_CLIENTS_MAX)
    faults.push(`${file}: expected at most ${REHEARSED_CLIENTS_MAX} lines`);
  if (faults.length > 0) throw new RequestFault(faults.slice(0, FAULTS_TOLD).join('\n'));
  return lines;
}

/** Of a file with many. */
const FAULTS_TOLD = 20;

function addressIn({ bytes, bits }: Prefix, lots: Lots): Uint8Array {
  return Uint8Array.from(bytes, (byte, i) => {
    const known = 0xff00 >> Math.max(0, Math.min(8, bits - 8 * i));
    return (byte & known) | ((256 * lots.fraction()) & ~known & 0xff);
  });
}
