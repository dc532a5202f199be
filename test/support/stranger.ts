/**
 * A recursor whose whole internet is one server, of which the test says what it sends back to each query, by
 * UDP and TCP: bytes as they are, one after the other, until one is taken for the reply.
 */
import { realWorld } from '../../src/base/world.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import type { Outcome } from '../../src/resolver/outcome.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { Recursor } from '../../src/resolver/recursor.ts';
import type { Event, Exchange, Upstream } from '../../src/resolver/upstream.ts';
import { HEADER_BYTES } from '../../src/wire/header.ts';
import { type Message, readMessage } from '../../src/wire/message.ts';
import { nameFromText, nameText } from '../../src/wire/name.ts';
import { catalog, exchange, name, pipeline } from './authority.ts';
import { type Bytes, join, words } from './packets.ts';

const ADDRESS = '192.0.2.1';
const root = pipeline(
  catalog({
    '.': `. 3600 SOA a.root. host.root. 1 3600 600 86400 60\n. 3600 NS a.root.\na.root. 3600 A ${ADDRESS}\n`,
  }),
);

export type Replies = (asked: Message, query: Uint8Array, via: 'udp' | 'tcp') => readonly Uint8Array[];

export class Stranger implements Upstream {
  readonly recursor: Recursor;
  readonly bugs: unknown[] = [];
  /** `www.test. udp`, in the order they came, without what the root was asked about itself. */
  readonly asked: string[] = [];
  /** Whether each of the bytes sent was taken for the reply. */
  readonly taken: boolean[] = [];
  readonly #replies: Replies;

  constructor(replies: Replies, cacheBytes = 1_000_000) {
    this.#replies = replies;
    const settings = {
      rootHints: [{ name: name('a.root.'), addresses: [ADDRESS] }],
      neverQuery: new Set<string>(),
      ...{ upstreamPort: 53, cacheBytes, localNames: [], hosts: undefined, clientMs: 5_000 },
      useCaseRandomisation: true,
      // Its tests count and answer whole questions.
      minimise: 'off' as const,
      freshness: FRESHNESS_DEFAULT,
      onBug: (bug: unknown) => this.bugs.push(bug),
    };
    this.recursor = new Recursor(settings, realWorld, this, noOwnZones);
  }

  resolve(owner: Uint8Array | string, type: number): Promise<Outcome> {
    const asked = typeof owner === 'string' ? nameFromText(owner) : name(nameText(owner));
    if (asked === undefined) throw new Error(`no name: ${owner}`);
    return this.recursor.resolve({ name: asked, type, class: 1 });
  }

  exchange(asking: Exchange): void {
    queueMicrotask(() => asking.end(this.#reply(asking)));
  }

  #reply(asking: Exchange): Event {
    const { query, via } = asking;
    const asked = readMessage(query) as Message;
    const owner = nameText(asked.question?.name as Uint8Array);
    const isAboutRoot = owner === '.' || owner === 'a.root.';
    if (isAboutRoot) {
      const bytes = exchange(root, query, 'tcp') as Uint8Array;
      return asking.accept(bytes) ? { got: 'reply', bytes, ms: 1 } : { got: 'silence' };
    }
    this.asked.push(`${owner} ${via}`);
    for (const bytes of this.#replies(asked, query, via)) {
      const isTaken = asking.accept(bytes);
      this.taken.push(isTaken);
      if (isTaken) return { got: 'reply', bytes, ms: 1 };
    }
    return { got: 'silence' };
  }
}

/** A message with the ID and question of `query`, then these bytes, which the counts may belie. */
export function inReplyTo(query: Bytes, flags: number, counts: readonly number[], ...parts: Bytes[]): Bytes {
  let end = HEADER_BYTES;
  for (let label = query[end] as number; label !== 0; label = query[end] as number) end += label + 1;
  const question = query.subarray(HEADER_BYTES, end + 5);
  return join(query.subarray(0, 2), words(flags, 1, ...counts), question, ...parts);
}
