/**
 * A pipeline over zones given as text, for tests: ask it as a client would, read the response as text.
 */
import { Counters } from '../../src/base/counters.ts';
import { parseIp } from '../../src/base/ip.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import { realWorld } from '../../src/base/world.ts';
import type { HostSlots } from '../../src/pool/host-slots.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import type { Recursor } from '../../src/resolver/recursor.ts';
import { Pipeline, type PipelineSettings } from '../../src/server/pipeline.ts';
import type { Client } from '../../src/transport/door.ts';
import { classText, Rcode, rcodeText, typeFromText, typeText } from '../../src/wire/codes.ts';
import { Flag, type Message, type ResourceRecord, readMessage, writeQuery } from '../../src/wire/message.ts';
import { type Name, nameFromText, nameText, parseName, ROOT } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { checkZone, settle } from '../../src/zone/check.ts';
import { compileZone } from '../../src/zone/compile.ts';
import { type Complaint, complaintText, hasErrors } from '../../src/zone/complaint.ts';
import { Image } from '../../src/zone/image.ts';
import { parseZoneText } from '../../src/zone/parser.ts';

export const name = (text: string): Name => {
  const parsed = nameFromText(text);
  if (parsed === undefined) throw new Error(`no name: ${text}`);
  return parsed;
};

/** An image of a zone's text; complaints that are errors fail the test. */
export function image(apex: string, text: string): Image {
  const complaints: Complaint[] = [];
  const records = parseZoneText(name(apex), text, complaints);
  const tree = checkZone(records, complaints);
  if (hasErrors(complaints)) throw new Error(complaints.map(complaintText).join('\n'));
  settle(records);
  return new Image(compileZone(records, tree));
}

/** Zones by apex; SOA and NS are given to those whose text has none. */
export function catalog(zones: Readonly<Record<string, string>>, slots?: HostSlots): Catalog {
  return new Catalog(
    Object.entries(zones).map(([apex, text]) => planned(image(apex, text), undefined, slots)),
  );
}

export const SOA_AND_NS = '@ 3600 IN SOA ns1.test. host.test. 1 3600 600 86400 60\n@ 3600 IN NS ns1.test.\n';

export interface AskOptions {
  readonly tcp?: boolean;
  readonly rd?: boolean;
  readonly udpSize?: number;
  readonly dnssecOk?: boolean;
  readonly klass?: number;
  /** The client's address. */
  readonly from?: string;
}

const prefixes = PrefixSet.parse([]);

/** `recursor` recurses in the same thread, and shares nothing. */
export function pipeline(
  zones: Catalog,
  { recursor, ...settings }: Partial<PipelineSettings> & { readonly recursor?: Recursor } = {},
): Pipeline {
  if (!(prefixes instanceof PrefixSet)) throw new Error('an empty list is a list');
  return new Pipeline({
    catalog: zones,
    recursion: recursor && { recursor, shared: undefined },
    mayRecurse: prefixes,
    chaos: { version: undefined, hostname: undefined, id: undefined },
    world: realWorld,
    counters: new Counters(),
    onBug: (bug) => {
      throw bug;
    },
    ...settings,
  });
}

export const client = (transport: 'udp' | 'tcp' = 'udp', from = '127.0.0.1'): Client => ({
  transport,
  address: parseIp(from) as Uint8Array,
  port: 5353,
});

/** Borrowed by one exchange at a time. */
const out = new Uint8Array(65_535);

/** The bytes of the response, or undefined for silence. */
export function exchange(
  subject: Pipeline,
  packet: Uint8Array,
  transport: 'udp' | 'tcp' = 'udp',
  from?: string,
): Uint8Array | undefined {
  const length = subject.answer(packet, packet.length, client(transport, from), out, () => undefined);
  return length > 0 ? out.slice(0, length) : undefined;
}

export function queryFor(question: string, options: AskOptions = {}): Uint8Array {
  const [owner = '', type = 'A'] = question.split(' ');
  const spelled = parseName(Buffer.from(owner), ROOT);
  if (typeof spelled === 'string') throw new Error(spelled);
  const { udpSize, dnssecOk = false } = options;
  return writeQuery({
    id: 4711,
    spelled,
    type: typeFromText(type) ?? 0,
    class: options.klass ?? 1,
    recursionDesired: options.rd ?? false,
    ...(udpSize !== undefined || dnssecOk ? { edns: { udpSize: udpSize ?? 1232, dnssecOk } } : {}),
  });
}

/** Asks `www.example.com A`, and gives the response read back. */
export function ask(subject: Pipeline, question: string, options: AskOptions = {}): Message {
  const bytes = exchange(subject, queryFor(question, options), options.tcp ? 'tcp' : 'udp', options.from);
  const message = bytes && readMessage(bytes);
  if (message === undefined) throw new Error(`no readable response to ${question}`);
  return message;
}

export const recordText = (r: ResourceRecord): string =>
  `${nameText(r.owner)} ${r.ttl} ${classText(r.class)} ${typeText(r.type)} ${rdataText(r.type, r.rdata)}`;

/** A response as lines: `NOERROR aa` first, then each record behind the initial of its section. */
export function lines(message: Message): string[] {
  const flags = (['AA', 'TC', 'RA'] as const).filter((f) => (message.flags & Flag[f]) !== 0);
  const status = [rcodeText(message.rcode), ...flags.map((f) => f.toLowerCase())].join(' ');
  return [
    status,
    ...message.answer.map((r) => `an ${recordText(r)}`),
    ...message.authority.map((r) => `ns ${recordText(r)}`),
    ...message.additional.map((r) => `ad ${recordText(r)}`),
  ];
}

/** The same with the order inside RRsets taken out, since they rotate. */
export const sortedLines = (message: Message): string[] => {
  const [status = '', ...records] = lines(message);
  return [status, ...records.sort()];
};

export { Rcode };
