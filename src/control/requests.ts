/**
 * What can be asked over the control socket, and who answers it: an object with `do` and what it needs, each
 * form checked before anything is done. In: a value out of JSON. Out: items and a result, or what was
 * expected instead.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { parseIp } from '../base/ip.ts';
import { REHEARSED_CLIENTS_MAX, TOP_TOLD_MAX } from '../base/limits.ts';
import { masked, type Prefix, parsePrefix } from '../base/prefix.ts';
import { realWorld } from '../base/world.ts';
import { HOLDS } from '../health/pool-state.ts';
import { TALLIED, type Tally, type ToldTop } from '../server/tally.ts';
import { isMetaType, Type, typeFromText } from '../wire/codes.ts';
import { type Name, nameFromText } from '../wire/name.ts';
import { systemText } from '../zone/files.ts';
import { CacheReader, cacheLines } from './cache-text.ts';
import { RequestFault } from './control-socket.ts';
import type { Explainer } from './explainer.ts';
import type { Flush } from './front-letters.ts';
import { type InquiryDesk, NO_RESOLVER, Unanswered } from './inquiries.ts';
import type { PoolDesk } from './pool-desk.ts';
import type { ToldShares, ToRehearse } from './rehearsal.ts';
import type { Reloader } from './reload.ts';
import type { ResolverThread } from './resolver-thread.ts';
import { count, expected, flag, text } from './schema-parts.ts';
import type { Status } from './status.ts';

const name = z.string(expected('a domain name')).transform((text, context): Name => {
  const read = nameFromText(text);
  if (read !== undefined) return read;
  context.issues.push({ code: 'custom', message: 'expected a domain name', input: text });
  return z.NEVER;
});

const type = z
  .string(expected('a record type'))
  .prefault('A')
  .transform((text, context): number => {
    const read = typeFromText(text);
    if (read !== undefined && (read === Type.ANY || !isMetaType(read))) return read;
    context.issues.push({ code: 'custom', message: 'expected a record type, such as AAAA', input: text });
    return z.NEVER;
  });

const address = z.string(expected('an address')).transform((text, context): Uint8Array => {
  const read = parseIp(text);
  if (read !== undefined) return read;
  context.issues.push({ code: 'custom', message: 'expected an IPv4 or IPv6 address', input: text });
  return z.NEVER;
});

const from = address.prefault('127.0.0.1');
const subnet = z
  .string(expected('a prefix'))
  .transform((text, context): Prefix => {
    const read = parsePrefix(text);
    if (typeof read !== 'string') return masked(read);
    context.issues.push({ code: 'custom', message: `expected ${read}`, input: text });
    return z.NEVER;
  })
  .optional();
const off = flag.prefault(false);
const pool = name.optional();
const file = text('the path of a file');
const world = count('a number', 1, REHEARSED_CLIENTS_MAX).optional();
const hold = z.enum([...HOLDS, 'release'], expected(`one of ${HOLDS.join(', ')}, release`));
const forMs = z.number(expected('a number of milliseconds')).positive().optional();

const RANKED = [...TALLIED, 'servers'] as const;

/** Facts of a text that are handed to the resolver thread together. */
const FACTS_AT_ONCE = 1_000;

const request = z.discriminatedUnion(
  'do',
  [
    z.strictObject({ do: z.literal('explain'), name, type, from, subnet, fresh: off }),
    z.strictObject({ do: z.literal('failures') }),
    z.strictObject({
      do: z.literal('servers'),
      which: z.enum(['all', 'slow', 'lame']).prefault('all'),
    }),
    z.strictObject({ do: z.literal('top'), of: z.enum(RANKED, expected(`one of ${RANKED.join(', ')}`)) }),
    z.strictObject({ do: z.literal('flush'), name, subtree: off }),
    z.strictObject({ do: z.literal('flush-all') }),
    z.strictObject({ do: z.literal('dump-cache') }),
    z.strictObject({ do: z.literal('load-cache'), file }),
    z.strictObject({ do: z.literal('reload') }),
    z.strictObject({ do: z.literal('status') }),
    z.strictObject({
      do: z.literal('shares'),
      name,
      type,
      clients: file.optional(),
      world,
      zone: file.optional(),
    }),
    z.strictObject({ do: z.literal('pools'), pool }),
    z.strictObject({ do: z.literal('hold'), pool, member: text('an address or a host'), as: hold }),
    z.strictObject({ do: z.literal('report'), check: text('the name of a check'), address, up: flag, forMs }),
  ],
  expected('an object whose "do" names what this server can do'),
);

type Request = z.output<typeof request>;

export interface Offices {
  readonly explainer: Explainer;
  readonly inquiries: InquiryDesk;
  readonly resolver: Pick<ResolverThread, 'flush' | 'settled'>;
  readonly reloader: Pick<Reloader, 'reload' | 'last'>;
  readonly status: () => Status;
  readonly rehearse: (asked: ToRehearse) => Promise<ToldShares>;
  readonly pools: Pick<PoolDesk, 'list' | 'hold' | 'report'>;
  readonly tally: Pick<Tally, 'told'> | undefined;
}

export async function* answerRequest(asked: unknown, offices: Offices): AsyncGenerator<unknown, unknown> {
  const read = request.safeParse(asked);
  if (!read.success) throw new RequestFault(read.error.issues.map(issueText).join('; '));
  try {
    return yield* serve(read.data, offices);
  } catch (error) {
    throw error instanceof Unanswered ? new RequestFault(error.message) : error;
  }
}

const issueText = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0 ? message : `${path.join('.')}: ${message}`;

async function* serve(asked: Request, offices: Offices): AsyncGenerator<unknown, unknown> {
  const { explainer, inquiries, reloader } = offices;
  switch (asked.do) {
    case 'explain': {
      const { fresh: isFresh, ...question } = asked;
      return explainer.explain({ ...question, isFresh });
    }
    case 'failures':
      yield* await inquiries.ask('mishaps', {});
      return undefined;
    case 'servers':
      yield* await inquiries.ask('servers', { which: asked.which });
      return undefined;
    case 'top': {
      const { top, perSecond } = await topOf(asked.of, offices);
      yield* top;
      return { perSecond };
    }
    case 'flush':
      return flush({ name: asked.name, below: asked.subtree }, offices);
    case 'flush-all':
      return flush('all', offices);
    case 'dump-cache': {
      const pieces = await inquiries.ask('learned', {});
      yield* cacheLines(
        pieces.map((piece) => new Uint8Array(piece)),
        realWorld,
      );
      return undefined;
    }
    case 'load-cache':
      return yield* loadCache(asked.file, inquiries);
    case 'reload':
      await reloader.reload('signal');
      if (reloader.last?.isTaken !== true) throw new RequestFault('refused: the log says what is wrong');
      return undefined;
    case 'status':
      return offices.status();
    case 'shares':
      return offices.rehearse(asked);
    case 'pools':
      yield* await offices.pools.list(asked.pool);
      return undefined;
    case 'hold': {
      const { pool, member, as } = asked;
      return offices.pools.hold(pool, member, as === 'release' ? undefined : as);
    }
    case 'report': {
      const { check, address, up: isUp, forMs = Infinity } = asked;
      return { targets: await offices.pools.report({ check, address, isUp, forMs }) };
    }
  }
}

/** When it is told, nobody is answered from it any more. */
async function flush(what: Flush, { inquiries, resolver }: Offices): Promise<undefined> {
  if (!inquiries.isOpen) throw new Unanswered(NO_RESOLVER);
  resolver.flush(what);
  await resolver.settled();
}

/** Of servers all are known, and none is ranked too high. */
async function topOf(
  of: (typeof RANKED)[number],
  { tally, inquiries }: Pick<Offices, 'tally' | 'inquiries'>,
): Promise<ToldTop> {
  if (tally === undefined) throw new RequestFault('nobody counts: control.top is false');
  if (of !== 'servers') return tally.told(of);
  const busy = await inquiries.ask('servers', { which: 'busy' });
  const all = busy.reduce((sum, { perSecond }) => sum + perSecond, 0);
  const top = busy.slice(0, TOP_TOLD_MAX).map(({ address, perSecond }) => ({
    ...{ what: address, perSecond, share: perSecond / all, error: 0 },
  }));
  return { top, perSecond: all };
}

/** Complaints come as items; what is sound is learned all the same. */
async function* loadCache(file: string, inquiries: InquiryDesk): AsyncGenerator<unknown, unknown> {
  const reader = new CacheReader(realWorld);
  const learn = async (): Promise<number> => inquiries.ask('learn', { chunks: [...reader.packed()] });
  let facts = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      reader.line(line);
      if (reader.waiting >= FACTS_AT_ONCE) facts += await learn();
    }
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    throw new RequestFault(`${file}: ${systemText(error)}`);
  }
  facts += await learn();
  yield* reader.complaints;
  return { facts };
}
