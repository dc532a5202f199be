/**
 * gdnsd over the same steering, where it is installed: what it answers and what we do, drawn many times, are
 * draws from the same distribution (χ², 99.9 %; who is outside is drawn once more), and to clients of
 * networks the same is told, with a scope that is no wider than is true.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server as Listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstalled } from '../../bench/machine.ts';
import { writeGdnsd } from '../../bench/pools.ts';
import { type Server, start } from '../../bench/servers.ts';
import { parseIp } from '../../src/base/ip.ts';
import { MemberWord, membersOf, poolsIn, Status } from '../../src/pool/plan.ts';
import { EdnsOption, typeFromText } from '../../src/wire/codes.ts';
import { readMessage, writeQuery } from '../../src/wire/message.ts';
import { poolSubjectAt } from '../../src/wire/pool.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import type { Catalog } from '../../src/zone/catalog.ts';
import { mmdb } from '../pool/mmdb.ts';
import { tableOf } from '../pool/tables.ts';
import { catalog, name, SOA_AND_NS } from '../support/authority.ts';
import { Clock, Guarded, prefixes } from '../support/guarded.ts';
import { PeerClient } from './client.ts';
import { CASES, type Case, mapsOf, PLACES } from './steered.ts';

const APEX = 'z.test';
/** Of weights, to tell them from others that differ by 3 in 100; of what else there is, to see all of it. */
const DRAWS = { weighted: 6_000, others: 500 };
/** 99.9 % of χ² with so many degrees of freedom lie below. */
const LIMITS = [0, 10.83, 13.82, 16.27, 18.47, 20.52];
const UP = ['127.5.0.1', '127.5.0.2', '127.5.0.3'];
const DOWN_OCTET = 9;

/** As many queries as are to be asked, to what each of them says. */
type Asked = (queries: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>;

function queryOf({ name: owner, type }: Case, network?: string): Uint8Array {
  const options = network === undefined ? [] : [{ code: EdnsOption.SUBNET, value: subnet(network) }];
  return writeQuery({
    ...{ id: 1, spelled: name(`${owner}.${APEX}`), type: typeFromText(type) as number, class: 1 },
    edns: { udpSize: 1_232, options },
  });
}

function subnet(network: string): Uint8Array {
  const [address = '', length] = network.split('/');
  const bytes = parseIp(address) as Uint8Array;
  const bits = Number(length);
  return Uint8Array.of(0, bytes.length === 4 ? 1 : 2, bits, 0, ...bytes.subarray(0, (bits + 7) >> 3));
}

/** The records in the order told, and the scope where there is one. */
function said(response: Uint8Array): { records: string[]; scope: number | undefined } {
  const message = readMessage(response);
  const option = message?.edns?.options.find(({ code }) => code === EdnsOption.SUBNET);
  const records = message?.answer.map(({ type, rdata }) => rdataText(type, rdata)) ?? [];
  return { records, scope: option?.value[3] };
}

/** How often each set of records is told, and which of them comes first. */
function tally(responses: readonly Uint8Array[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const response of responses) {
    const { records } = said(response);
    const outcome = `${records[0]} of ${records.toSorted().join(', ')}`;
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
  return seen;
}

/** χ² of two samples of the same size, and how many degrees of freedom it has. */
function difference(a: Map<string, number>, b: Map<string, number>): { chi: number; degrees: number } {
  const outcomes = [...new Set([...a.keys(), ...b.keys()])];
  const terms = outcomes.map((outcome) => {
    const [x, y] = [a.get(outcome) ?? 0, b.get(outcome) ?? 0];
    return (x - y) ** 2 / (x + y);
  });
  return { chi: terms.reduce((sum, term) => sum + term, 0), degrees: outcomes.length - 1 };
}

const zoneText = (): string =>
  `$TTL 60\n${SOA_AND_NS}${CASES.flatMap(({ name: owner, pool }) =>
    pool.map((record) => `${owner} POOL ${record}\n`),
  ).join('')}`;

const countries = mmdb(
  PLACES.map(([prefix, continent, country]) => [
    prefix,
    { continent: { code: continent }, country: { iso_code: country } },
  ]),
  { type: 'GeoIP2-Country' },
);

/** Ours, and the prober's word on who is down. */
function ours(): Asked {
  const zones = catalog({ [APEX]: zoneText() });
  markDown(zones);
  const clock = new Clock();
  const subject = new Guarded(zones, () => ({ subnetsFrom: prefixes('127.0.0.1') }), {
    world: clock,
    whereabouts: tableOf(['country', countries]),
  });
  return async (queries) =>
    queries.map((query) => subject.send(query, { address: '127.0.0.1' }) as Uint8Array);
}

function markDown({ images }: Catalog): void {
  for (const { bytes, pools: plan } of images) {
    for (const pool of poolsIn(plan as Int32Array)) {
      for (const member of membersOf(plan as Int32Array, pool)) {
        const at = poolSubjectAt(plan?.[member + MemberWord.RDATA] as number);
        const isDown = bytes[at] === 127 && bytes[at + 2] === DOWN_OCTET;
        (plan as Int32Array)[member + MemberWord.STATUS] = Status.CHECKED | (isDown ? 0 : Status.SHARE);
      }
    }
  }
}

function configuration(port: number, database: string): string {
  const stanzasOf = (plugin: Case['plugin']): string =>
    CASES.filter((one) => one.plugin === plugin)
      .map(({ name: owner, stanza }) => `${owner} => ${stanza}`)
      .join('\n');
  return `service_types => { alive => {
    plugin => tcp_connect, port => ${port}, interval => 10,
    up_thresh => 1, ok_thresh => 1, down_thresh => 1 } }
plugins => {
  weighted => { ${stanzasOf('weighted')} }, multifo => { ${stanzasOf('multifo')} }
  simplefo => { ${stanzasOf('simplefo')} }, metafo => { resources => { ${stanzasOf('metafo')} } }
  geoip => { ${mapsOf(database)}, resources => { ${stanzasOf('geoip')} } }
}`;
}

const isMissing = !isInstalled('gdnsd') || !isInstalled('taskset');

describe.skipIf(isMissing)(isMissing ? 'gdnsd, which is not installed' : 'as gdnsd chooses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oracle-gdnsd-'));
  const listeners: Listener[] = [];
  const mine = ours();
  let server: Server | undefined;
  let client: PeerClient;
  const theirs: Asked = (queries) =>
    client.askAll(queries.map((packet) => ({ packet, transport: 'udp' as const })));

  beforeAll(async () => {
    for (const address of UP) {
      const port = (listeners[0]?.address() as { port: number } | undefined)?.port ?? 0;
      listeners.push(createServer((socket) => socket.destroy()).listen(port, address));
      await once(listeners.at(-1) as Listener, 'listening');
    }
    const { port } = (listeners[0] as Listener).address() as { port: number };
    const database = join(folder, 'countries.mmdb');
    writeFileSync(database, countries);
    const dynamic = CASES.map(
      (one) => `${one.name} ${one.type === 'CNAME' ? 'DYNC' : 'DYNA'} ${one.plugin}!${one.name}\n`,
    );
    const zone = `$TTL 60\n${SOA_AND_NS}${dynamic.join('')}`;
    server = await start(
      {
        ...{ name: 'gdnsd', program: 'gdnsd' },
        command(own, at, threads) {
          writeGdnsd(own, at, threads, configuration(port, database), { [APEX]: zone });
          return ['gdnsd', '-c', own, 'start'];
        },
      },
      {
        ...{ folder, question: `two.${APEX}`, cores: '0-1' },
        skip: (why) => {
          throw new Error(why);
        },
      },
    );
    client = await PeerClient.open(server?.port as number);
  }, 60_000);

  afterAll(async () => {
    client?.close();
    await server?.stop();
    for (const listener of listeners) listener.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const one of CASES.filter(({ clients }) => clients === undefined)) {
    test(one.what, async () => {
      const queries = new Array<Uint8Array>(one.plugin === 'weighted' ? DRAWS.weighted : DRAWS.others).fill(
        queryOf(one),
      );
      const draw = async (): Promise<number> => {
        const [a, b] = [tally(await mine(queries)), tally(await theirs(queries))];
        const { chi, degrees } = difference(a, b);
        return chi - (LIMITS[degrees] as number);
      };
      const first = await draw();
      expect(first > 0 ? await draw() : first).toBeLessThanOrEqual(0);
    }, 30_000);
  }

  for (const one of CASES) {
    for (const network of one.clients ?? []) {
      test(`${one.what}: a client in ${network}`, async () => {
        const [[own], [other]] = [
          (await mine([queryOf(one, network)])).map(said),
          (await theirs([queryOf(one, network)])).map(said),
        ];
        expect({ own }).toEqual({ own: other });
      });
    }
  }
});
