/**
 * What our response has to be whatever others say: no record twice, nothing cut out of an RRset, TC if and
 * only if something is missing that the client must know of; and what may differ between two servers in
 * truncation.
 */
import { ANY_UDP_BYTES_MAX, UDP_BYTES_MAX, UDP_PLAIN_BYTES_MAX } from '../../src/base/limits.ts';
import type { Question } from './question.ts';
import { isBelow, type MadeRecord } from './record.ts';
import { glueOf, lineOf, type Response, sameRecords } from './verdict.ts';
import { allRecords, type World } from './world.ts';

/** What is wrong with a response, given the one over TCP. */
export function faultsOf(response: Response, whole: Response): string[] {
  const faults: string[] = [];
  const lines = [...response.answer, ...response.authority, ...response.additional].map(lineOf);
  const twice = lines.find((line, i) => lines.indexOf(line) < i);
  if (twice !== undefined) faults.push(`${twice} is there twice`); // RFC 2181 §5
  if (response.rcode !== whole.rcode || response.aa !== whole.aa) faults.push('the header differs over TCP');
  if (whole.tc) faults.push('it is truncated over TCP');
  for (const section of ['answer', 'authority', 'additional'] as const) {
    faults.push(...brokenRrsets(response[section], whole[section]));
  }
  const isWhole =
    sameRecords(response.answer, whole.answer) &&
    sameRecords(response.authority, whole.authority) &&
    sameRecords(glueOf(response), glueOf(whole));
  // RFC 2181 §9, RFC 9471 §3.1
  if (isWhole === response.tc)
    faults.push(response.tc ? 'TC is set and nothing is missing' : 'TC is missing');
  return faults;
}

/** RFC 2181 §9: an RRset is there with all its records, or not at all. */
function brokenRrsets(part: readonly MadeRecord[], whole: readonly MadeRecord[]): string[] {
  const keys = new Set(part.map(({ owner, type }) => `${owner} ${type}`));
  const of = (records: readonly MadeRecord[], key: string): MadeRecord[] =>
    records.filter(({ owner, type }) => `${owner} ${type}` === key);
  return [...keys]
    .filter((key) => !sameRecords(of(part, key), of(whole, key)))
    .map((key) => `${key} is not as it is over TCP`);
}

/** A record that no zone holds under that name, and no wildcard. */
export function inventedIn(response: Response, world: World): MadeRecord | undefined {
  const told = [...response.authority, ...response.additional];
  const isHeld = (record: MadeRecord): boolean =>
    allRecords(world).some(
      ({ owner, type, rdata }) =>
        type === record.type && plain(rdata) === plain(record.rdata) && covers(owner, record.owner),
    );
  return told.find((record) => record.type !== 'SOA' && !isHeld(record));
}

/** Quotes are a matter of taste in SvcParams. */
const plain = (rdata: string): string => rdata.toLowerCase().replaceAll('"', '');

const covers = (owner: string, name: string): boolean =>
  owner === name || (owner.startsWith('*.') && isBelow(name, owner.slice(2)));

export interface Truncation {
  readonly question: Question;
  readonly ours: Response;
  readonly oursWhole: Response;
  readonly theirs: Response;
  readonly theirsWhole: Response;
}

/** What a datagram may carry here: all servers are set to the same bound; ours has a lower one for ANY. */
export const limitOf = ({ edns, type }: Question): number =>
  Math.min(
    Math.max(edns?.udpSize ?? 0, UDP_PLAIN_BYTES_MAX),
    type === 'ANY' ? ANY_UDP_BYTES_MAX : UDP_BYTES_MAX,
  );

/**
 * Servers pack more or less tightly, and hold different records needful; what each truncates must not fit.
 */
export function truncationFault({
  question,
  ours,
  oursWhole,
  theirs,
  theirsWhole,
}: Truncation): string | undefined {
  const limit = limitOf(question);
  if (ours.bytes > limit) return `ours has ${ours.bytes} bytes where ${limit} fit`;
  if (
    ours.tc &&
    !theirs.tc &&
    theirsWhole.bytes <= limit &&
    sameRecords(oursWhole.answer, theirsWhole.answer)
  ) {
    return 'theirs fits whole';
  }
  if (ours.tc && oursWhole.bytes <= limit) return 'ours would fit whole';
  return undefined;
}
