/**
 * What is damaged: sound queries, and responses of worlds with everything in them and of a zone with every
 * type; zone files, golden ones and made ones; and configurations, those of the documentation among them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { put16, toHex, u16 } from '../../src/base/bytes.ts';
import { UDP_PLAIN_BYTES_MAX } from '../../src/base/limits.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { Type } from '../../src/wire/codes.ts';
import type { Complaint } from '../../src/zone/complaint.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { pipelineOf } from '../oracle/contest.ts';
import { makeQuestions, packetOf } from '../oracle/question.ts';
import { apexes, makeWorld, zoneText } from '../oracle/world.ts';
import { catalog, exchange, name, pipeline, queryFor, SOA_AND_NS } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { goldens } from '../wire/rdata-golden.ts';

const QUESTIONS = 200;
const GOLDEN_ZONES = 'test/golden/zone';
const GOLDEN_RDATA = 'test/golden/rdata/types.txt';
const LINES_PER_ZONE = 8;
/** Two bytes that are in no golden pool. */
const STAND_IN = 0xff01;
const CHAOS = { version: 'x', hostname: 'y', id: undefined };

/**
 * Parent and child, and the root and what is below: with RRsets that do not fit, and all that may be
 * followed.
 */
const worlds = [makeWorld(7), makeWorld(14)];

/** Those that are attacked; they answer in CH too. */
export const subjects: readonly Pipeline[] = worlds.map((world) => {
  const subject = pipelineOf(world);
  subject.reconfigure({ chaos: CHAOS });
  return subject;
});

export const queries: readonly Uint8Array[] = [
  ...worlds.flatMap((world) => makeQuestions(world, QUESTIONS, new Chance(world.seed)).map(packetOf)),
  ...longNames().map((long) => queryFor(`${long} A`, { udpSize: 1232 })),
  queryFor('version.bind. TXT', { klass: 3 }),
  queryFor('id.server. TXT', { klass: 3, udpSize: 512 }),
];

/** Queries that end with an OPT, for what fits no small datagram. */
export const largeQueries = (): Uint8Array[] =>
  queries.filter(
    (packet) =>
      (packet[11] as number) === 1 &&
      subjects.some((subject) => (exchange(subject, packet, 'tcp')?.length ?? 0) > UDP_PLAIN_BYTES_MAX),
  );

/** Of 255 bytes, or nearly, of many labels and of few. */
function longNames(): string[] {
  const lengths = [250, 253, 254, 255];
  const ofOne = lengths.map((length) => 'x.'.repeat(Math.floor((length - 1) / 2)));
  const ofMany = lengths.map(
    (length) => `${`${'x'.repeat(63)}.`.repeat(3)}${'x'.repeat(length - 3 * 64 - 2)}.`,
  );
  return [...ofOne, ...ofMany];
}

/** A line for every type and most of its forms, each with an owner of its own. */
const everyType = readFileSync(GOLDEN_RDATA, 'utf8')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
  .map((line, i) => ({
    owner: `r${i}.golden.`,
    type: line.split(' ')[0] ?? '',
    line: `r${i} 60 IN ${line}\n`,
  }))
  .filter(({ line }) => isLoadable(line));

function isLoadable(line: string): boolean {
  const complaints: Complaint[] = [];
  parseZoneText(name('golden.'), line, complaints);
  return complaints.length === 0 && !/ IN (SOA|NSEC3|RRSIG) /.test(line);
}

function everyTypeAnswered(): Uint8Array[] {
  const shown = everyType.filter(({ type }) => type !== 'POOL');
  const subject = pipeline(catalog({ 'golden.': SOA_AND_NS + shown.map(({ line }) => line).join('') }));
  return shown
    .map(({ owner, type }) => exchange(subject, queryFor(`${owner} ${type}`), 'tcp'))
    .filter(isThere);
}

/** Pools are not answered as records, and could be sent to us as such: by another type, which is changed. */
function poolsAnswered(): Uint8Array[] {
  const pools = goldens.filter(({ type }) => type === Type.POOL);
  const lines = pools.map(({ wire }, i) => `r${i} 60 TYPE${STAND_IN} \\# ${wire.length} ${toHex(wire)}\n`);
  const subject = pipeline(catalog({ 'golden.': SOA_AND_NS + lines.join('') }));
  const responses = lines.map((_, i) => exchange(subject, queryFor(`r${i}.golden. TYPE${STAND_IN}`), 'tcp'));
  for (const response of responses.filter(isThere)) {
    for (let at = 0; at + 1 < response.length; at++) {
      if (u16(response, at) === STAND_IN) put16(response, at, Type.POOL);
    }
  }
  return responses.filter(isThere);
}

const isThere = (response: Uint8Array | undefined): response is Uint8Array => response !== undefined;

export const responses: readonly Uint8Array[] = [
  ...subjects.flatMap((subject) => queries.map((packet) => exchange(subject, packet, 'tcp')).filter(isThere)),
  ...everyTypeAnswered(),
  ...poolsAnswered(),
];

export const zones: readonly Uint8Array[] = [
  ...goldenZones(),
  ...everyTypeInZones(),
  ...worlds.flatMap((world) => apexes(world).map((apex) => zoneText(world, apex))),
].map((text) => new Uint8Array(Buffer.from(text, 'latin1')));

function goldenZones(): string[] {
  const files = readdirSync(GOLDEN_ZONES).filter((file) => file.endsWith('.zone'));
  return files.map((file) => readFileSync(join(GOLDEN_ZONES, file), 'latin1'));
}

/** Of every format, each line of a kind of its own. */
export const lists: readonly Uint8Array[] = [
  '# domains\nads.example\n*.below.example\n||adblock.example^\n! no\n@@||x.example^\nx.y##.ad\n.z.example\n',
  '127.0.0.1 localhost\n0.0.0.0 a.example b.example # 2\nfe80::1%l x\n:: c.example\n255.255.255.255 all\n',
  [
    '$TTL 30\n@ SOA ns host 1 3600 600 86400 30\n@ NS ns\nads.example CNAME .\n*.ads.example CNAME *.\n',
    'ok.example CNAME rpz-passthru.\nhush.example CNAME rpz-drop.\nx.example CNAME *.garden.example.\n',
    '24.0.2.0.192.rpz-ip CNAME .\n32.zz.db8.2001.rpz-ip A 192.0.2.1\n32.1.2.0.192.rpz-client-ip CNAME .\n',
  ].join(''),
  'printer.lan 60 A 10.0.0.7\nprinter.lan TXT "here"\n*.dyn.lan AAAA fd00::7\nother.lan CNAME printer.lan\n',
].map((text) => new Uint8Array(Buffer.from(text)));

/** The examples that an operator copies, and every key. */
export const configs: readonly Uint8Array[] = [
  ...readFileSync('docs/CONFIGURATION.md', 'utf8').matchAll(/^```yaml\n(.*?)^```/gms),
]
  .map(([, text = '']) => text)
  .concat(readFileSync('test/fuzz/every-key.yaml', 'utf8'))
  .map((text) => new Uint8Array(Buffer.from(text)));

/** A few lines each, so that one fault leaves something. */
function everyTypeInZones(): string[] {
  const count = Math.ceil(everyType.length / LINES_PER_ZONE);
  return Array.from({ length: count }, (_, i) => {
    const lines = everyType.slice(LINES_PER_ZONE * i, LINES_PER_ZONE * (i + 1)).map(({ line }) => line);
    return SOA_AND_NS.replaceAll('@', 'golden.') + lines.join('');
  });
}
