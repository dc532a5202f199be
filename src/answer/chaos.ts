/**
 * The questions that operators ask a server about itself, in class CH: version.bind and version.server,
 * hostname.bind and id.server (RFC 4892). Each is off by configuration; what is off, and any other CH name,
 * is refused.
 */
import { Rcode, Type } from '../wire/codes.ts';
import { type Name, nameFromText } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';
import { packRrset } from '../wire/rrset.ts';
import { AT_QUESTION, type Reply, Section } from './reply.ts';

/** Each text at most 255 bytes; undefined is off. */
export interface Identity {
  readonly version: string | undefined;
  readonly hostname: string | undefined;
  readonly id: string | undefined;
}

interface Entry {
  readonly name: Name;
  readonly block: Uint8Array;
}

export class Chaos {
  readonly #entries: readonly Entry[];

  constructor(identity: Identity) {
    this.#entries = [
      ...entries(['version.bind.', 'version.server.'], identity.version),
      ...entries(['hostname.bind.'], identity.hostname),
      ...entries(['id.server.'], identity.id),
    ];
  }

  answer(query: Query, reply: Reply): void {
    const entry = this.#entries.find((e) => isName(query, e.name));
    if (entry === undefined) {
      reply.rcode = Rcode.REFUSED;
      return;
    }
    reply.authoritative = true;
    if (query.type !== Type.TXT && query.type !== Type.ANY) return;
    reply.add(Section.ANSWER, entry.name, AT_QUESTION, entry.block, 0);
  }
}

function entries(names: readonly string[], text: string | undefined): Entry[] {
  if (text === undefined) return [];
  const bytes = Buffer.from(text).subarray(0, 255);
  const block = packRrset(Type.TXT, 0, [Uint8Array.of(bytes.length, ...bytes)]);
  return names.map((name) => ({ name: nameFromText(name) as Name, block }));
}

const isName = (query: Query, name: Name): boolean =>
  query.name.length === name.length && query.name.suffixIs(0, name, 0);
