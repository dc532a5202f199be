/**
 * What docs/POOLS.md tells those who come from elsewhere: each line of it is right, and does what is said of
 * it there.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { presumedUp, rehearse } from '../../src/control/rehearsal.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import { typeFromText } from '../../src/wire/codes.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { checkZone } from '../../src/zone/check.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { folderOf } from '../operation/server.ts';
import { Float, mmdb } from '../pool/mmdb.ts';
import { tableMemory } from '../pool/tables.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { image, name, SOA_AND_NS } from '../support/authority.ts';

const [, guide = ''] = readFileSync('docs/POOLS.md', 'utf8').split('## Coming from elsewhere');
const zones = new Map(
  [...guide.matchAll(/^### (.*?)$.*?^```\n(.*?)^```/gms)].map(([, from = '', text = '']) => [from, text]),
);
const textOf = (from: string): string => `$TTL 60\n${SOA_AND_NS}${zones.get(from)}`;

test('four servers are told of', () => {
  expect([...zones.keys()]).toEqual(['Route 53', 'gdnsd', 'PowerDNS Lua records', 'Consul']);
});

test.each([...zones.keys()])('nothing is wrong with what stands for %s, and nothing odd', (from) => {
  const complaints: Complaint[] = [];
  checkZone(
    parseZoneText(name('example.com.'), textOf(from), complaints),
    complaints,
    new Set(['web', 'alive']),
  );
  expect(complaints.map(complaintText)).toEqual([]);
});

/** Somebody in each place. */
const place = (iso_code: string, code: string, latitude: number, longitude: number, part?: string) => ({
  ...{ country: { iso_code }, continent: { code } },
  ...{ location: { latitude: new Float(latitude), longitude: new Float(longitude) } },
  ...(part === undefined ? {} : { subdivisions: [{ iso_code: part }] }),
});
const places = tableMemory(
  [
    'city',
    mmdb([
      ['203.0.113.0/26', place('FR', 'EU', 48.9, 2.4)],
      ['203.0.113.64/26', place('US', 'NA', 37.8, -122.4, 'CA')],
      ['203.0.113.128/26', place('US', 'NA', 40.7, -74, 'NY')],
      ['203.0.113.192/26', place('JP', 'AS', 35.7, 139.7)],
    ]),
  ],
  ['asn', mmdb([['192.0.0.0/24', { autonomous_system_number: 64_496 }]])],
);
const FROM = {
  ...{ Paris: '203.0.113.1', 'San Francisco': '203.0.113.65', 'New York': '203.0.113.129' },
  ...{ Tokyo: '203.0.113.193', 'the system': '192.0.0.9', '10.1': '10.1.0.1', '10.2': '10.2.0.1' },
  ...{ 'the collection': '198.51.100.7', 'the collection, IPv6': '2001:db8:1::7' },
};

const files = folderOf({});
afterAll(() => files.remove());

/** In quarters, who goes to each member, by the last digit of its address, or its name. */
async function quarters(from: string, question: string, client: string): Promise<string> {
  const [owner = '', type = 'A'] = question.split(' ');
  files.write('clients', `${client}\n`);
  const up = presumedUp(planned(image('example.com', textOf(from)), undefined));
  const stock = { catalog: new Catalog([up]), places: { table: places }, checks: [] };
  const asked = {
    name: name(owner === '@' ? 'example.com.' : `${owner}.example.com.`),
    ...{ type: typeFromText(type) as number, clients: files.path('clients') },
  };
  const { now } = await rehearse(asked, stock as never, new VirtualWorld(3));
  const goes = now.map(
    ({ member, share }) =>
      [member.match(/\d/g)?.at(-1) ?? member.split('.')[0], Math.round(4 * share)] as const,
  );
  return goes.flatMap(([digit, share]) => (share > 0 ? [`${digit}: ${share}`] : [])).join(', ');
}

describe.each<[string, [string, keyof typeof FROM, string][]]>([
  [
    'Route 53',
    [
      ['weighted', 'Tokyo', '1: 3, 2: 1'],
      ['@', 'Tokyo', '1: 3, 2: 1'],
      ['failover', 'Tokyo', '1: 4'],
      ['geolocation', 'Paris', '1: 4'],
      ['geolocation', 'San Francisco', '2: 4'],
      ['geolocation', 'New York', '3: 4'],
      ['latency', 'Paris', '1: 4'],
      ['latency', 'New York', '2: 4'],
      ['tree CNAME', 'Paris', 'geolocation: 4'],
      ['canary', 'Paris', '9: 4'],
      ['multivalue', 'Paris', '1: 2, 2: 2'],
      ['ip-based', 'the collection', '1: 4'],
      ['ip-based', 'the collection, IPv6', '1: 4'],
      ['ip-based', 'Paris', '2: 4'],
    ],
  ],
  [
    'gdnsd',
    [
      ['weighted', 'Tokyo', '1: 3, 2: 1'],
      ['multifo', 'Tokyo', '1: 2, 2: 2'],
      ['metafo', 'Tokyo', '1: 4'],
      ['geoip', 'Paris', '1: 4'],
      ['geoip', 'New York', '2: 4'],
      ['geoip', '10.1', '3: 4'],
      ['geoip', 'Tokyo', '4: 4'],
      ['auto', 'Paris', '1: 4'],
      ['auto', 'San Francisco', '2: 4'],
      ['dync CNAME', 'Paris', '1: 4'],
    ],
  ],
  [
    'PowerDNS Lua records',
    [
      ['ifportup', 'Tokyo', '1: 2, 2: 2'],
      ['ifurlup', 'Tokyo', '1: 4'],
      ['pickrandom', 'Tokyo', '1: 2, 2: 2'],
      ['pickwrandom', 'Tokyo', '1: 3, 2: 1'],
      ['pickwhashed', 'Tokyo', '1: 4'],
      ['pickclosest', 'Paris', '1: 4'],
      ['if', 'Paris', '1: 4'],
      ['if', 'New York', '2: 4'],
      ['if', '10.1', '3: 4'],
      ['if', 'the system', '3: 4'],
      ['if', 'Tokyo', '4: 4'],
    ],
  ],
  [
    'Consul',
    [
      ['web', 'Tokyo', '1: 1, 2: 3'],
      ['_web._tcp SRV', 'Tokyo', '1: 1, 2: 3'],
      ['query', 'Tokyo', '1: 4'],
      ['near', '10.1', '1: 4'],
      ['near', '10.2', '2: 4'],
      ['near', 'Paris', '3: 4'],
    ],
  ],
])('%s', (from, rows) => {
  test.each(rows)('%s, from %s: %s', async (question, client, expected) => {
    expect(await quarters(from, question, FROM[client])).toBe(expected);
  });
});
