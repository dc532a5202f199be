/**
 * The counter between the synchronous pipeline and the resolver. A question that the cache can answer is
 * answered now; any other is copied, its aliases from our own zones with it, and the query is put back in
 * hand when the outcome is there.
 */
import { type KeptRrset, type Reply, Section } from '../answer/reply.ts';
import { assert } from '../base/assert.ts';
import { type Bytes, copyOf } from '../base/bytes.ts';
import type { Outcome, Recursor } from '../resolver/recursor.ts';
import { LATER } from '../transport/door.ts';
import type { HashedName } from '../wire/hashed-name.ts';
import type { Question } from '../wire/message.ts';
import { ownName } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';

export type Send = (response: Uint8Array) => void;

export class Recursion {
  /** Absent where recursion is off. One that is replaced still ends what it began. */
  recursor: Recursor | 'elsewhere' | undefined;
  #pending = 0;

  constructor(recursor: Recursor | 'elsewhere' | undefined) {
    this.recursor = recursor;
  }

  get isOffered(): boolean {
    return this.recursor !== undefined;
  }

  get isElsewhere(): boolean {
    return this.recursor === 'elsewhere';
  }

  get pending(): number {
    return this.#pending;
  }

  /** Completes the reply from the cache, if that can be done at once. */
  fromCache(query: Query, reply: Reply): boolean {
    const outcome = this.#offered().cached(questionInHand(query, reply));
    if (outcome === undefined) return false;
    complete(reply, reply.answers(), outcome);
    return true;
  }

  /** `finish` is called when query and reply are back in hand. */
  later(
    query: Query,
    reply: Reply,
    finish: () => void,
    onBug: (bug: unknown, packet: Bytes) => void,
  ): number {
    const question = questionInHand(query, reply);
    const kept = reply.answers();
    const packet = copyOf(query.packet, 0, query.length);
    this.#pending++;
    this.#offered()
      .resolve(question)
      .then((outcome) => {
        query.read(packet, packet.length);
        complete(reply, kept, outcome);
        finish();
      })
      .catch((bug: unknown) => onBug(bug, packet))
      .finally(() => {
        this.#pending--;
      });
    return LATER;
  }

  #offered(): Recursor {
    const { recursor } = this;
    assert(typeof recursor === 'object', 'nobody is sent here where recursion is off, or elsewhere');
    return recursor;
  }
}

/** The question itself, or the alias target at which our zones ended. */
function questionInHand(query: Query, reply: Reply): Question {
  const name: HashedName = reply.hasAnswers() ? reply.chase : query.name;
  return { name: ownName(name.bytes), type: query.type, class: query.class };
}

function complete(reply: Reply, kept: readonly KeptRrset[], outcome: Outcome): void {
  reply.reset();
  reply.rcode = outcome.rcode;
  // AA speaks of the question's own name (RFC 1035 §4.1.1).
  reply.authoritative = kept.length > 0 || outcome.authoritative === true;
  for (const k of kept) reply.add(Section.ANSWER, k.owner, k.ownerAt, k.block, k.blockAt, k.ttl);
  for (const { owner, block, ttl } of outcome.answer) reply.add(Section.ANSWER, owner, 0, block, 0, ttl);
  for (const { owner, block, ttl } of outcome.authority)
    reply.add(Section.AUTHORITY, owner, 0, block, 0, ttl);
  if (outcome.ede === undefined) return;
  reply.edeCode = outcome.ede.code;
  reply.edeText = outcome.ede.text;
}
