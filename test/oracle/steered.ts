/**
 * Steering as gdnsd's plugins know it, and the same as pools, translated by hand: names of one zone, each
 * with its stanza for gdnsd and its POOL records. Members at 127.5.0.x are up, at 127.5.9.x down, which gdnsd
 * finds out by connecting to them.
 */
export interface Case {
  readonly name: string;
  readonly what: string;
  readonly type: 'A' | 'AAAA' | 'CNAME';
  /** Of gdnsd: the plugin, and what it is told of this name. */
  readonly plugin: 'weighted' | 'multifo' | 'simplefo' | 'metafo' | 'geoip';
  readonly stanza: string;
  /** Of a pool: what stands behind its type. */
  readonly pool: readonly string[];
  /** Networks of clients to ask for; nobody in particular without. */
  readonly clients?: readonly string[];
}

const CHECKED = 'service_types => alive';
/** They give up on those that are up only when none is left, as pools do. */
const LAST = `${CHECKED}, up_thresh => 0.01`;
const checked = (address: string, ...rest: string[]): string => [address, 'check=alive', ...rest].join(' ');

/** Where clients are: continent and country, as both servers read it. */
export const PLACES: readonly (readonly [string, string, string])[] = [
  ['10.64.0.0/11', 'EU', 'DE'],
  ['10.72.0.0/16', 'EU', 'FR'],
  ['10.96.0.0/12', 'NA', 'US'],
  ['10.100.16.0/20', 'NA', 'CA'],
  ['2001:db8:40::/44', 'EU', 'DE'],
];

export const mapsOf = (database: string): string => `maps => {
  world => { geoip2_db => "${database}", datacenters => [ other, one, two ], map => {
    EU => { default => [ one, other ], FR => [ two, one, other ] }, NA => { US => [ two, other ] } } }
  nets => { datacenters => [ other, one, two ], nets => {
    10.1.0.0/16 => [ one, other ], 10.2.0.0/16 => [ two, other ], 10.2.7.0/24 => [ one, two, other ],
    2001:db8::/32 => [ two, other ] } }
}`;
const NETS = ['10.1.5.0/24', '10.2.5.0/24', '10.2.7.0/24', '10.3.0.0/24', '10.1.5.9/32', '2001:db8:7::/48'];

const WORLD = [
  ...['10.64.1.0/24', '10.72.3.0/24', '10.73.0.0/24', '10.96.0.0/16', '10.100.17.0/24', '10.100.0.0/24'],
  ...['10.128.0.0/24', '10.100.20.20/32', '2001:db8:41::/48', '2001:db8:ff::/48'],
];

export const CASES: readonly Case[] = [
  {
    ...{ name: 'two', what: 'two weights', type: 'A', plugin: 'weighted' },
    stanza: '{ a => [ 192.0.2.1, 70 ], b => [ 192.0.2.2, 30 ] }',
    pool: ['192.0.2.1 weight=70', '192.0.2.2 weight=30'],
  },
  {
    ...{ name: 'uneven', what: 'weights far from one another', type: 'A', plugin: 'weighted' },
    stanza: '{ a => [ 192.0.2.1, 99 ], b => [ 192.0.2.2, 15 ], c => [ 192.0.2.3, 1 ] }',
    pool: ['192.0.2.1 weight=99', '192.0.2.2 weight=15', '192.0.2.3 weight=1'],
  },
  {
    ...{ name: 'six', what: 'weights of IPv6 addresses', type: 'AAAA', plugin: 'weighted' },
    stanza: '{ a => [ 2001:db8::1, 4 ], b => [ 2001:db8::2, 1 ], c => [ 2001:db8::3, 2 ] }',
    pool: ['2001:db8::1 weight=4', '2001:db8::2 weight=1', '2001:db8::3 weight=2'],
  },
  {
    ...{ name: 'canary', what: 'weights of hosts', type: 'CNAME', plugin: 'weighted' },
    stanza: '{ a => [ v1.example.net., 9 ], b => [ v2.example.net., 1 ] }',
    pool: ['v1.example.net. weight=9', 'v2.example.net. weight=1', '* as=cname'],
  },
  {
    ...{ name: 'downweight', what: 'weights, one member down', type: 'A', plugin: 'weighted' },
    stanza: `{ ${LAST}, a => [ 127.5.9.1, 50 ], b => [ 127.5.0.1, 30 ], c => [ 127.5.0.2, 20 ] }`,
    pool: [
      checked('127.5.9.1', 'weight=50'),
      checked('127.5.0.1', 'weight=30'),
      checked('127.5.0.2', 'weight=20'),
    ],
  },
  {
    ...{ name: 'lost', what: 'weights, all members down', type: 'A', plugin: 'weighted' },
    stanza: `{ ${LAST}, a => [ 127.5.9.1, 3 ], b => [ 127.5.9.2, 1 ] }`,
    pool: [checked('127.5.9.1', 'weight=3'), checked('127.5.9.2', 'weight=1')],
  },
  {
    ...{ name: 'alike', what: 'several of the same weight', type: 'A', plugin: 'weighted' },
    stanza: '{ multi => true, a => [ 192.0.2.1, 5 ], b => [ 192.0.2.2, 5 ], c => [ 192.0.2.3, 5 ] }',
    pool: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  },
  {
    ...{ name: 'multi', what: 'all members', type: 'A', plugin: 'multifo' },
    stanza: '{ a => 192.0.2.1, b => 192.0.2.2, c => 192.0.2.3 }',
    pool: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  },
  {
    ...{ name: 'multidown', what: 'all that are up', type: 'A', plugin: 'multifo' },
    stanza: `{ ${LAST}, a => 127.5.0.1, b => 127.5.9.1, c => 127.5.0.2 }`,
    pool: [checked('127.5.0.1'), checked('127.5.9.1'), checked('127.5.0.2')],
  },
  {
    ...{ name: 'multilost', what: 'all, where none is up', type: 'A', plugin: 'multifo' },
    stanza: `{ ${LAST}, a => 127.5.9.1, b => 127.5.9.2 }`,
    pool: [checked('127.5.9.1'), checked('127.5.9.2')],
  },
  {
    ...{ name: 'first', what: 'the first of two', type: 'A', plugin: 'simplefo' },
    stanza: `{ ${CHECKED}, primary => 127.5.0.1, secondary => 127.5.0.2 }`,
    pool: [checked('127.5.0.1'), checked('127.5.0.2', 'tier=1')],
  },
  {
    ...{ name: 'second', what: 'the second, the first being down', type: 'A', plugin: 'simplefo' },
    stanza: `{ ${CHECKED}, primary => 127.5.9.1, secondary => 127.5.0.2 }`,
    pool: [checked('127.5.9.1'), checked('127.5.0.2', 'tier=1')],
  },
  {
    ...{ name: 'neither', what: 'the first, both being down', type: 'A', plugin: 'simplefo' },
    stanza: `{ ${CHECKED}, primary => 127.5.9.1, secondary => 127.5.9.2 }`,
    pool: [checked('127.5.9.1'), checked('127.5.9.2', 'tier=1')],
  },
  {
    ...{ name: 'tiers', what: 'the first of three groups with anybody up', type: 'A', plugin: 'metafo' },
    stanza: `{ datacenters => [ x, y, z ], dcmap => {
      x => { ${CHECKED}, a => 127.5.9.1 }, y => { ${LAST}, a => 127.5.0.1, b => 127.5.9.2, c => 127.5.0.2 },
      z => { ${CHECKED}, a => 127.5.0.3 } } }`,
    pool: [
      checked('127.5.9.1'),
      ...['127.5.0.1', '127.5.9.2', '127.5.0.2'].map((address) => checked(address, 'tier=1')),
      checked('127.5.0.3', 'tier=2'),
    ],
  },
  {
    ...{ name: 'nets', what: 'by network', type: 'A', plugin: 'geoip', clients: NETS },
    stanza: '{ map => nets, dcmap => { other => 192.0.2.9, one => 192.0.2.1, two => 192.0.2.2 } }',
    pool: ['192.0.2.1 net=10.1.0.0/16,10.2.7.0/24', '192.0.2.2 net=10.2.0.0/16,2001:db8::/32', '192.0.2.9'],
  },
  {
    ...{ name: 'netsdown', what: 'by network, one member down', type: 'A', plugin: 'geoip', clients: NETS },
    stanza: `{ map => nets, ${CHECKED},
      dcmap => { other => 127.5.0.3, one => 127.5.9.1, two => 127.5.0.2 } }`,
    pool: [
      checked('127.5.9.1', 'net=10.1.0.0/16,10.2.7.0/24'),
      checked('127.5.0.2', 'net=10.2.0.0/16,2001:db8::/32'),
      checked('127.5.0.3'),
    ],
  },
  {
    ...{ name: 'world', what: 'by country', type: 'A', plugin: 'geoip', clients: WORLD },
    stanza: '{ map => world, dcmap => { other => 192.0.2.9, one => 192.0.2.1, two => 192.0.2.2 } }',
    pool: ['192.0.2.1 geo=EU', '192.0.2.2 geo=FR,US', '192.0.2.9 geo=*'],
  },
  {
    ...{ name: 'worlddown', what: 'by country, one member down', type: 'A', plugin: 'geoip', clients: WORLD },
    stanza: `{ map => world, ${CHECKED},
      dcmap => { other => 127.5.0.3, one => 127.5.0.1, two => 127.5.9.1 } }`,
    pool: [checked('127.5.0.1', 'geo=EU'), checked('127.5.9.1', 'geo=FR,US'), checked('127.5.0.3', 'geo=*')],
  },
];
