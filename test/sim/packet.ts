/**
 * Queries read and replies written for the simulated internet: as much of RFC 1035 §4.1 as its servers need,
 * written apart from the server's own code, and quick.
 */
import { Type } from '../../src/wire/codes.ts';
import { type Rrset, wireName } from './contents.ts';

export interface Query {
  readonly id: number;
  /** Lower case. */
  readonly name: string;
  /** The question as it was spelled: name, type and class. */
  readonly question: Uint8Array;
  readonly type: number;
  /** The UDP size that EDNS offers. */
  readonly udpSize: number | undefined;
}

export interface Reply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answer: readonly Rrset[];
  readonly authority: readonly Rrset[];
  readonly additional: readonly Rrset[];
}

export const HEADER_BYTES = 12;
const OPT_BYTES = 11;
export const QR = 0x8000;
const AA = 0x0400;
export const TC = 0x0200;

export function readQuery(bytes: Uint8Array): Query {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let label = view.getUint8(at); label !== 0; label = view.getUint8(at)) {
    labels.push(Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, label).toString('latin1'));
    at += label + 1;
  }
  const end = at + 5;
  const hasOpt = view.getUint16(10) > 0;
  return {
    id: view.getUint16(0),
    name: labels.join('.').toLowerCase(),
    question: bytes.slice(HEADER_BYTES, end),
    type: view.getUint16(at + 1),
    udpSize: hasOpt ? view.getUint16(end + 3) : undefined,
  };
}

const scratch = Buffer.alloc(65_535);

export interface Writing {
  readonly query: Query;
  readonly reply: Reply;
  /** What fits; what does not is left out, and TC says so. */
  readonly bytesMax: number;
  readonly edns: boolean;
}

export function writeReply({ query, reply, bytesMax, edns }: Writing): Uint8Array {
  const { question } = query;
  scratch.set(question, HEADER_BYTES);
  let at = HEADER_BYTES + question.length;
  const counts = [0, 0, 0];
  let isCut = false;
  const room = Math.min(bytesMax, scratch.length) - (edns ? OPT_BYTES : 0);
  for (const [i, section] of [reply.answer, reply.authority, reply.additional].entries()) {
    for (const rrset of section) {
      const owner = rrset.owner === query.name ? POINTER_TO_QUESTION : wireName(rrset.owner);
      for (const rdata of rrset.rdatas) {
        if (at + owner.length + 10 + rdata.length > room) {
          isCut ||= i < 2;
          continue;
        }
        at = putRecord(at, owner, rrset, rdata);
        counts[i] = (counts[i] ?? 0) + 1;
      }
    }
  }
  if (edns) at = putOpt(at, reply.rcode);
  scratch.writeUInt16BE(query.id, 0);
  scratch.writeUInt16BE(QR | (reply.authoritative ? AA : 0) | (isCut ? TC : 0) | (reply.rcode & 0xf), 2);
  scratch.writeUInt16BE(1, 4);
  for (const [i, count] of counts.entries())
    scratch.writeUInt16BE(count + (edns && i === 2 ? 1 : 0), 6 + 2 * i);
  return Uint8Array.prototype.slice.call(scratch, 0, at);
}

const POINTER_TO_QUESTION = Uint8Array.of(0xc0, HEADER_BYTES);

function putRecord(start: number, owner: Uint8Array, { type, ttl }: Rrset, rdata: Uint8Array): number {
  scratch.set(owner, start);
  const at = start + owner.length;
  scratch.writeUInt16BE(type, at);
  scratch.writeUInt16BE(1, at + 2);
  scratch.writeUInt32BE(ttl, at + 4);
  scratch.writeUInt16BE(rdata.length, at + 8);
  scratch.set(rdata, at + 10);
  return at + 10 + rdata.length;
}

function putOpt(at: number, rcode: number): number {
  scratch.fill(0, at, at + OPT_BYTES);
  scratch.writeUInt16BE(Type.OPT, at + 1);
  scratch.writeUInt16BE(1232, at + 3);
  scratch[at + 5] = rcode >> 4;
  return at + OPT_BYTES;
}
