/**
 * What happens to packets on the way, by chance from the seed: how often each fault strikes is the weather of
 * the moment. In: a query, the reply it will have. Out: what arrives, and when. Also who races the reply with
 * forgeries: they know whom we ask and what, and guess at the ID and the letters' case; the port they have
 * guessed already, so that only the resolver's own defences are left.
 */
import { Type } from '../../src/wire/codes.ts';
import type { Chance } from '../support/chance.ts';
import { HEADER_BYTES, type Query, type Reply, writeReply } from './packet.ts';
import { aliasRrset, forgedAddress, nsRrset } from './rdata.ts';

/** In percent, but for the two in milliseconds. */
export interface Weather {
  readonly loss: number;
  readonly jitterMs: number;
  readonly duplicates: number;
  /** A reply that is late by seconds. */
  readonly lateness: number;
  /** Something wrong arrives before the reply. */
  readonly junk: number;
  readonly cut: number;
  readonly forgery: number;
}

export const CALM: Weather = {
  loss: 0,
  jitterMs: 0,
  duplicates: 0,
  lateness: 0,
  junk: 0,
  cut: 0,
  forgery: 0,
};

export interface Arrival {
  readonly bytes: Uint8Array;
  readonly afterMs: number;
  /** By somebody who is not the server; `guessed` where the ID is right, which has to happen now and then. */
  readonly forged?: 'wrong' | 'guessed';
}

const IDS = 0x1_0000;

export class Sky {
  weather: Weather = CALM;
  readonly #chance: Chance;
  #forged = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  carry(query: Query, reply: Uint8Array | undefined, via: 'udp' | 'tcp', roundTripMs: number): Arrival[] {
    const { weather } = this;
    const chance = this.#chance;
    const ms = roundTripMs + chance.below(weather.jitterMs + 1);
    // What is carried by TCP arrives as it was, or not at all.
    if (via === 'tcp') {
      return reply === undefined || chance.percent(weather.loss / 4)
        ? []
        : [{ bytes: reply, afterMs: 2 * ms }];
    }
    const arrivals: Arrival[] = [];
    if (chance.percent(weather.junk) && reply !== undefined) arrivals.push(this.#junk(query, reply, ms));
    if (chance.percent(weather.forgery)) {
      for (let i = 1 + chance.below(8); i > 0; i--) arrivals.push(this.#forgery(query, chance.below(2 * ms)));
    }
    if (reply === undefined || chance.percent(weather.loss)) return arrivals;
    const afterMs = chance.percent(weather.lateness) ? ms + 200 + chance.below(3_000) : ms;
    const isCut = chance.percent(weather.cut);
    const bytes = isCut ? reply.subarray(0, chance.below(reply.length)) : reply;
    arrivals.push({ bytes, afterMs });
    if (chance.percent(weather.duplicates)) arrivals.push({ bytes, afterMs: afterMs + chance.below(100) });
    return arrivals;
  }

  /** A reply that says it is the one, and is wrong in one way; the true one comes right after. */
  #junk(query: Query, reply: Uint8Array, ms: number): Arrival {
    const bytes = Buffer.from(writeReply({ query, reply: this.#evil(query), bytesMax: 512, edns: false }));
    const afterMs = Math.max(0, ms - 1);
    const how = {
      id: 3,
      name: 3,
      type: 2,
      class: 1,
      query: 2,
      opcode: 2,
      cut: 3,
      longer: 2,
      bare: 1,
      two: 1,
    };
    switch (this.#chance.weighted(how)) {
      case 'id':
        bytes.writeUInt16BE((query.id + 1 + this.#chance.below(IDS - 1)) % IDS, 0);
        break;
      case 'name': {
        const other = writeReply({
          query: otherName(query),
          reply: this.#evil(query),
          bytesMax: 512,
          edns: false,
        });
        return { bytes: other, afterMs, forged: 'wrong' };
      }
      case 'type':
        bytes.writeUInt16BE(
          query.type === Type.A ? Type.TXT : Type.A,
          HEADER_BYTES + query.question.length - 4,
        );
        break;
      case 'class':
        bytes.writeUInt16BE(3, HEADER_BYTES + query.question.length - 2);
        break;
      case 'query':
        bytes.writeUInt16BE(bytes.readUInt16BE(2) & 0x7fff, 2);
        break;
      case 'opcode':
        bytes.writeUInt16BE(bytes.readUInt16BE(2) | (5 << 11), 2);
        break;
      case 'cut':
        return { bytes: reply.subarray(0, reply.length - 1), afterMs };
      case 'longer':
        return { bytes: Buffer.concat([bytes, Uint8Array.of(0)]), afterMs, forged: 'wrong' };
      case 'bare':
        bytes.writeUInt16BE(0, 4);
        break;
      case 'two':
        bytes.writeUInt16BE(2, 4);
        break;
    }
    return { bytes, afterMs, forged: 'wrong' };
  }

  #forgery(query: Query, afterMs: number): Arrival {
    const chance = this.#chance;
    const question = query.question.map((byte, i) => {
      const isLetter = i < query.question.length - 5 && /[a-z]/i.test(String.fromCharCode(byte));
      return isLetter ? (byte & 0xdf) | (chance.below(2) << 5) : byte;
    });
    const id = chance.below(IDS);
    const reply = this.#evil(query);
    const bytes = writeReply({ query: { ...query, id, question }, reply, bytesMax: 512, edns: false });
    return { bytes, afterMs, forged: id === query.id ? 'guessed' : 'wrong' };
  }

  #evil({ name, type }: Query): Reply {
    const rdata = forgedAddress(++this.#forged);
    const address = { owner: name, type: Type.A, ttl: 86_400, rdatas: [rdata] };
    const host = 'ns.forged.invalid';
    const isAlias = type !== Type.A;
    return {
      rcode: 0,
      authoritative: true,
      answer: [isAlias ? aliasRrset(name, Type.CNAME, host, 86_400) : address],
      authority: [nsRrset(name, [host], 86_400)],
      additional: [{ ...address, owner: host }],
    };
  }
}

const otherName = (query: Query): Query => ({
  ...query,
  name: 'other.invalid',
  question: Buffer.from([5, ...Buffer.from('other'), 7, ...Buffer.from('invalid'), 0, 0, query.type, 0, 1]),
});
