/** A health check over DNS: one question in a datagram, and the RCODE of what answers it. */
import { put16, u16 } from '../base/bytes.ts';
import { Class, rcodeText } from '../wire/codes.ts';
import { Flag, HEADER_BYTES, rcodeOf } from '../wire/header.ts';
import type { DnsTerms } from './check.ts';
import { type Conversation, down, up, type Verdict } from './conversation.ts';

export class DnsTalk implements Conversation {
  readonly request: Uint8Array;
  readonly #terms: DnsTerms;

  /** `id` is drawn, and the port the system's own: nobody else is to answer. */
  constructor(terms: DnsTerms, id: number) {
    this.#terms = terms;
    this.request = requestOf(terms, id);
  }

  /** RFC 5452 §9.1: what does not answer the question is somebody else's. */
  hear(bytes: Uint8Array): Verdict | undefined {
    const { request } = this;
    if (bytes.length < request.length || u16(bytes, 0) !== u16(request, 0)) return undefined;
    const flags = u16(bytes, 2);
    const isAnswer = (flags & Flag.QR) !== 0 && u16(bytes, 4) === 1;
    if (!isAnswer || !sameQuestion(bytes, request)) return undefined;
    const rcode = rcodeOf(flags);
    const why = rcodeText(rcode);
    return this.#terms.expect.includes(rcode) ? up(why) : down(why);
  }

  ended(): Verdict {
    return down('no answer');
  }
}

function requestOf({ name, type }: DnsTerms, id: number): Uint8Array {
  const request = new Uint8Array(HEADER_BYTES + name.length + 4);
  put16(request, 0, id);
  put16(request, 4, 1);
  request.set(name, HEADER_BYTES);
  put16(request, HEADER_BYTES + name.length, type);
  put16(request, HEADER_BYTES + name.length + 2, Class.IN);
  return request;
}

/** Byte by byte: it was sent in lower case, and RFC 1034 §3.1 has the case kept. */
function sameQuestion(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = HEADER_BYTES; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
