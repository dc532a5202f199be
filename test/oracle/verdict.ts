/**
 * Responses made comparable, and compared. Order and case go, for neither means anything; sections become
 * sorted sets with TTLs. Of the additional section only what a referral cannot do without counts: the
 * addresses of servers at or below the cut. Everything else there is a courtesy, and servers differ in
 * courtesy.
 */
import { rcodeText, typeText } from '../../src/wire/codes.ts';
import { Flag, type ResourceRecord, readMessage } from '../../src/wire/message.ts';
import { nameText } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { isBelow, type MadeRecord } from './record.ts';

export interface Response {
  readonly bytes: number;
  readonly rcode: string;
  readonly aa: boolean;
  readonly tc: boolean;
  /** In the order of the message, in lower case. */
  readonly answer: readonly MadeRecord[];
  readonly authority: readonly MadeRecord[];
  readonly additional: readonly MadeRecord[];
}

export type Aspect = 'rcode' | 'aa' | 'answer' | 'authority' | 'glue';

export function responseOf(bytes: Uint8Array): Response {
  const message = readMessage(bytes);
  if (message === undefined) throw new Error(`unreadable: ${Buffer.from(bytes).toString('hex')}`);
  return {
    bytes: bytes.length,
    rcode: rcodeText(message.rcode),
    aa: (message.flags & Flag.AA) !== 0,
    tc: (message.flags & Flag.TC) !== 0,
    answer: message.answer.map(recordOf),
    authority: message.authority.map(recordOf),
    additional: message.additional.map(recordOf),
  };
}

const recordOf = ({ owner, ttl, type, rdata }: ResourceRecord): MadeRecord => ({
  owner: nameText(owner).toLowerCase(),
  ttl,
  type: typeText(type),
  rdata: rdataText(type, rdata).toLowerCase(),
});

export const lineOf = ({ owner, ttl, type, rdata }: MadeRecord): string => `${owner} ${ttl} ${type} ${rdata}`;

/** The set, sorted. */
export const linesOf = (records: readonly MadeRecord[]): string[] => [...new Set(records.map(lineOf))].sort();

export const sameRecords = (a: readonly MadeRecord[], b: readonly MadeRecord[]): boolean =>
  linesOf(a).join('\n') === linesOf(b).join('\n');

/** The owner of the NS in the authority section of a referral. */
export const cutOf = (response: Response): string | undefined =>
  response.authority.find(({ type }) => type === 'NS')?.owner;

/** Addresses in the additional section of servers of the cut that are at or below it (RFC 9471 §3.1). */
export function glueOf(response: Response): MadeRecord[] {
  const servers = response.authority.filter(({ type }) => type === 'NS');
  return response.additional.filter(
    ({ owner, type }) =>
      (type === 'A' || type === 'AAAA') &&
      servers.some((server) => server.rdata === owner && isBelow(owner, server.owner)),
  );
}

/** What differs between responses of which neither is truncated. */
export function differences(ours: Response, theirs: Response): Set<Aspect> {
  const differing = new Set<Aspect>();
  if (ours.rcode !== theirs.rcode) differing.add('rcode');
  if (ours.aa !== theirs.aa) differing.add('aa');
  if (!sameRecords(ours.answer, theirs.answer)) differing.add('answer');
  if (!sameRecords(ours.authority, theirs.authority)) differing.add('authority');
  if (!sameRecords(glueOf(ours), glueOf(theirs))) differing.add('glue');
  return differing;
}

export function responseText(response: Response): string {
  const { rcode, aa, tc, bytes } = response;
  const section = (name: string, records: readonly MadeRecord[]): string[] =>
    records.map((record) => `    ${name} ${lineOf(record)}`);
  return [
    `${rcode}${aa ? ' aa' : ''}${tc ? ' tc' : ''}, ${bytes} bytes`,
    ...section('an', response.answer),
    ...section('ns', response.authority),
    ...section('ad', response.additional),
  ].join('\n');
}
