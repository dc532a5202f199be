import { describe, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import type { Outcome, Recursor } from '../../src/resolver/recursor.ts';
import type { AnswerWriter } from '../../src/server/answer-writer.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { DROP, LATER } from '../../src/transport/door.ts';
import { Ede, EdnsOption, Rcode, Type } from '../../src/wire/codes.ts';
import { Flag, type Question, readMessage } from '../../src/wire/message.ts';
import { nameText } from '../../src/wire/name.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import {
  type AskOptions,
  ask,
  catalog,
  client,
  exchange,
  lines,
  name,
  pipeline,
  queryFor,
  SOA_AND_NS,
} from '../support/authority.ts';

const zones = catalog({
  'own.': `$TTL 60
${SOA_AND_NS}
www A 192.0.2.1
away CNAME www.elsewhere.
sub NS ns.sub
ns.sub A 192.0.2.2
`,
});
const loopback = PrefixSet.parse(['127.0.0.0/8']) as PrefixSet;
const nobody = PrefixSet.parse([]) as PrefixSet;

const outcome = (owner: string, address: number): Outcome => ({
  rcode: Rcode.NOERROR,
  answer: [
    { owner: name(owner), block: packRrset(Type.A, 300, [Uint8Array.of(192, 0, 2, address)]), ttl: 17 },
  ],
  authority: [],
  ede: undefined,
});

/** A recursor that answers what it is told, and remembers what it was asked. */
function scripted(script: { cached?: Outcome; later?: () => Promise<Outcome> }): {
  recursor: Recursor;
  asked: string[];
} {
  const asked: string[] = [];
  const note = (q: Question): void => void asked.push(`${nameText(q.name)} ${q.type}`);
  const recursor = {
    cached: (q: Question) => {
      note(q);
      return script.cached;
    },
    resolve: (_: Question) => script.later?.() ?? Promise.reject(new Error('not scripted')),
  };
  return { recursor: recursor as unknown as Recursor, asked };
}

async function askLater(subject: Pipeline, question: string, options: AskOptions = {}): Promise<string[]> {
  const packet = queryFor(question, { rd: true, ...options });
  const bytes = await new Promise<Uint8Array>((resolve) => {
    expect(subject.answer(packet, packet.length, client(), new Uint8Array(65_535), resolve)).toBe(LATER);
    packet.fill(0xff); // What was borrowed is overwritten by the next datagram.
  });
  return lines(readMessage(bytes) ?? expect.fail('malformed'));
}

describe('before anything is read', () => {
  test('what has no header, or is a response, gets silence', () => {
    const counters = new Counters();
    const subject = pipeline(zones, { counters });
    expect(exchange(subject, new Uint8Array(11))).toBeUndefined();
    const response = queryFor('www.own. A');
    response[2] = 0x80;
    expect(subject.answer(response, response.length, client(), new Uint8Array(512), () => undefined)).toBe(
      DROP,
    );
    expect(counters.get(Counter.silenced)).toBe(2);
  });

  test.each([1, 2, 3, 4, 5, 6, 15])('opcode %i is NOTIMP', (opcode) => {
    const packet = queryFor('www.own. A');
    packet[2] = opcode << 3;
    const response = readMessage(exchange(pipeline(zones), packet) ?? expect.fail('silence'));
    expect(response).toMatchObject({ rcode: Rcode.NOTIMP, opcode, id: 4711 });
  });
});

describe('a question that cannot be asked', () => {
  test.each([
    ['class ANY', 'www.own. A', 255, Rcode.FORMERR],
    ['class NONE', 'www.own. A', 254, Rcode.FORMERR],
    ['class HS', 'www.own. A', 4, Rcode.REFUSED],
    ['AXFR', 'own. AXFR', 1, Rcode.REFUSED],
    ['IXFR', 'own. IXFR', 1, Rcode.REFUSED],
    ['MAILB', 'own. MAILB', 1, Rcode.NOTIMP],
    ['OPT', 'own. OPT', 1, Rcode.FORMERR],
    ['TSIG', 'own. TSIG', 1, Rcode.FORMERR],
  ])('%s', (_, question, klass, rcode) => {
    expect(ask(pipeline(zones), question, { klass }).rcode).toBe(rcode);
  });

  test('EDNS of a later version is BADVERS, with the version we speak [RFC 6891 §6.1.3]', () => {
    const packet = queryFor('www.own. A', { udpSize: 1232 });
    packet[packet.length - 5] = 1;
    const response = readMessage(exchange(pipeline(zones), packet) ?? expect.fail('silence'));
    expect(response).toMatchObject({ rcode: Rcode.BADVERS, edns: { version: 0 } });
  });
});

describe('class CH [RFC 4892]', () => {
  const chaos = { version: 'Cairn', hostname: undefined, id: 'one' };
  const subject = pipeline(zones, { chaos });
  test.each([
    ['version.bind. TXT', ['NOERROR aa', 'an version.bind. 0 CH TXT "Cairn"']],
    ['VERSION.BIND. TXT', ['NOERROR aa', 'an VERSION.BIND. 0 CH TXT "Cairn"']],
    ['id.server. TXT', ['NOERROR aa', 'an id.server. 0 CH TXT "one"']],
    ['hostname.bind. TXT', ['REFUSED']],
    ['www.own. A', ['REFUSED']],
    ['id.server. A', ['NOERROR aa']],
  ])('%s', (question, expected) => {
    expect(lines(ask(subject, question, { klass: 3 }))).toEqual(expected);
  });
});

describe('outside our zones', () => {
  const edeOf = (subject: Pipeline, options: AskOptions): number | undefined => {
    const { rcode, edns } = ask(subject, 'www.elsewhere. A', { udpSize: 1232, ...options });
    expect(rcode).toBe(Rcode.REFUSED);
    const value = edns?.options.find((o) => o.code === EdnsOption.EDE)?.value;
    return value && (value[0] as number) * 256 + (value[1] as number);
  };

  test('a stranger is refused recursion, and told why [RFC 8914 §4.19]', () => {
    const subject = pipeline(zones, { recursor: scripted({}).recursor, mayRecurse: nobody });
    expect(edeOf(subject, { rd: true })).toBe(Ede.PROHIBITED);
    expect(ask(subject, 'www.elsewhere. A', { rd: true }).flags & Flag.RA).toBe(0);
  });

  test('where recursion is off, or was not asked for, the name is not ours [RFC 8914 §4.21]', () => {
    expect(edeOf(pipeline(zones), { rd: true })).toBe(Ede.NOT_AUTHORITATIVE);
    const subject = pipeline(zones, { recursor: scripted({}).recursor, mayRecurse: loopback });
    expect(edeOf(subject, { rd: false })).toBe(Ede.NOT_AUTHORITATIVE);
  });
});

describe('recursion', () => {
  test('from the cache is an answer at once, with RA and the TTL that is left', () => {
    const { recursor } = scripted({ cached: outcome('www.elsewhere.', 9) });
    const subject = pipeline(zones, { recursor, mayRecurse: loopback });
    expect(lines(ask(subject, 'wWw.elsewhere. A', { rd: true }))).toEqual([
      'NOERROR ra',
      'an wWw.elsewhere. 17 IN A 192.0.2.9',
    ]);
  });

  test('comes later, to a question that was copied', async () => {
    const { recursor } = scripted({ later: () => Promise.resolve(outcome('www.elsewhere.', 9)) });
    const subject = pipeline(zones, { recursor, mayRecurse: loopback });
    const asked = askLater(subject, 'www.elsewhere. A');
    expect(subject.pending).toBe(1);
    ask(subject, 'www.own. A'); // The scratch query is somebody else's meanwhile.
    expect(await asked).toEqual(['NOERROR ra', 'an www.elsewhere. 17 IN A 192.0.2.9']);
    await Promise.resolve();
    expect(subject.pending).toBe(0);
  });

  test('is shared as old as it is: what a chain began with is older than its end', async () => {
    const [link, end] = [outcome('alias.elsewhere.', 8), outcome('www.elsewhere.', 9)];
    const chain = { ...end, answer: [...link.answer, ...end.answer] };
    const aged = { ...end, answer: [...link.answer.map((each) => ({ ...each, ttl: 12 })), ...end.answer] };
    const kept: unknown[] = [];
    const answers = {
      keep: (...[, , , , told, isRecalled]: Parameters<AnswerWriter['keep']>) => kept.push(told, isRecalled),
    } as unknown as AnswerWriter;
    const script: Parameters<typeof scripted>[0] = {};
    const { recursor } = scripted(script);
    recursor.isOfOthers = () => true;
    const recursion = { recursor, shared: { answers, era: 1 } };
    const subject = pipeline(zones, { recursion, mayRecurse: loopback });
    for (const [told, remembered] of [
      [end, undefined],
      [chain, aged],
      [chain, undefined],
      [{ ...chain, answer: link.answer, authority: end.answer }, aged],
    ] as const) {
      delete script.cached;
      script.later = async () => {
        if (remembered) script.cached = remembered;
        return told;
      };
      await askLater(subject, 'www.elsewhere. A');
    }
    expect(kept).toEqual([end, false, aged, true, aged, true]);
  });

  test('asks the parent of our zone for its DS; who may not recurse gets ours [RFC 4035 §3.1.4.1]', () => {
    const { recursor, asked } = scripted({ cached: outcome('own.', 9) });
    const subject = pipeline(zones, { recursor, mayRecurse: loopback });
    expect(ask(subject, 'own. DS', { rd: true }).flags & Flag.AA).toBe(0);
    expect(asked).toEqual(['own. 43']);
    expect(lines(ask(subject, 'own. DS'))[1]).toMatch(/^ns own\. 60 IN SOA/);
  });

  test('goes on where an alias leaves our zones, and AA stays [RFC 1035 §4.1.1]', async () => {
    const { recursor, asked } = scripted({ later: () => Promise.resolve(outcome('www.elsewhere.', 9)) });
    const subject = pipeline(zones, { recursor, mayRecurse: loopback });
    expect(await askLater(subject, 'away.own. A')).toEqual([
      'NOERROR aa ra',
      'an away.own. 60 IN CNAME www.elsewhere.',
      'an www.elsewhere. 17 IN A 192.0.2.9',
    ]);
    expect(asked).toEqual(['www.elsewhere. 1']);
  });

  test('goes on below a cut of ours when it was asked for, else refers', async () => {
    const { recursor, asked } = scripted({ later: () => Promise.resolve(outcome('x.sub.own.', 9)) });
    const subject = pipeline(zones, { recursor, mayRecurse: loopback });
    expect(await askLater(subject, 'x.sub.own. A')).toEqual([
      'NOERROR ra',
      'an x.sub.own. 17 IN A 192.0.2.9',
    ]);
    expect(asked).toEqual(['x.sub.own. 1']);
    expect(ask(subject, 'x.sub.own. A').authority).toHaveLength(1);
  });

  test('that fails says why [RFC 8914 §2]', async () => {
    const ede = { code: Ede.NO_REACHABLE_AUTHORITY, text: 'no server answered' };
    const failed: Outcome = { rcode: Rcode.SERVFAIL, answer: [], authority: [], ede };
    const { recursor } = scripted({ later: () => Promise.resolve(failed) });
    const subject = pipeline(zones, { recursor, mayRecurse: loopback });
    const packet = queryFor('a.elsewhere. A', { rd: true, udpSize: 1232 });
    const bytes = await new Promise<Uint8Array>((resolve) => {
      subject.answer(packet, packet.length, client(), new Uint8Array(65_535), resolve);
    });
    expect(Buffer.from(bytes).toString('latin1')).toContain('no server answered');
  });
});

describe('a mistake of our own', () => {
  test('costs that query SERVFAIL, is reported, and the next is answered', () => {
    const bugs: unknown[] = [];
    const broken = {
      cached: () => {
        throw new Error('planted');
      },
    } as unknown as Recursor;
    const subject = pipeline(zones, {
      recursor: broken,
      mayRecurse: loopback,
      onBug: (bug) => bugs.push(bug),
    });
    const response = ask(subject, 'www.elsewhere. A', { rd: true });
    expect(response).toMatchObject({ rcode: Rcode.SERVFAIL, id: 4711 });
    expect(nameText(response.question?.name ?? name('.'))).toBe('www.elsewhere.');
    expect(bugs).toHaveLength(1);
    expect(ask(subject, 'www.own. A').rcode).toBe(Rcode.NOERROR);
  });

  test('in a resolution, likewise', async () => {
    const { recursor } = scripted({ later: () => Promise.reject(new Error('planted')) });
    const bugs: unknown[] = [];
    const subject = pipeline(zones, { recursor, mayRecurse: loopback, onBug: (bug) => bugs.push(bug) });
    expect(await askLater(subject, 'www.elsewhere. A')).toEqual(['SERVFAIL']);
    expect(bugs).toHaveLength(1);
  });
});

describe('publishing', () => {
  test('a new catalog answers from the next query on', () => {
    const subject = pipeline(zones);
    subject.publish(catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.77\n` }));
    expect(lines(ask(subject, 'www.own. A'))[1]).toBe('an www.own. 60 IN A 192.0.2.77');
  });
});

describe('another resolver', () => {
  test('takes over, and what the one before promised still counts until it is sent', async () => {
    let settle: (outcome: Outcome) => void = () => undefined;
    const { recursor } = scripted({
      later: () =>
        new Promise((resolve) => {
          settle = resolve;
        }),
    });
    const subject = pipeline(zones, { recursor, mayRecurse: loopback });
    const asked = askLater(subject, 'www.elsewhere. A');
    subject.reconfigure({ recursion: undefined });
    expect(ask(subject, 'www.elsewhere. A', { rd: true }).rcode).toBe(Rcode.REFUSED);
    expect(subject.pending).toBe(1);
    settle(outcome('www.elsewhere.', 9));
    expect(await asked).toEqual(['NOERROR ra', 'an www.elsewhere. 17 IN A 192.0.2.9']);
  });
});

describe('order', () => {
  test('RRs of an RRset take turns being first [RFC 1794 §3]', () => {
    const subject = pipeline(
      catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nw A 192.0.2.1\nw A 192.0.2.2\nw A 192.0.2.3\n` }),
    );
    const firsts = new Set(Array.from({ length: 6 }, () => lines(ask(subject, 'w.own. A'))[1]));
    expect(firsts.size).toBe(3);
  });

  test('…also for a client that asks for A and AAAA by turns', () => {
    const subject = pipeline(
      catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nw A 192.0.2.1\nw A 192.0.2.2\nw AAAA ::1\nw AAAA ::2\n` }),
    );
    const firsts = Array.from({ length: 4 }, () =>
      ['A', 'AAAA'].map((type) => lines(ask(subject, `w.own. ${type}`))[1]),
    );
    expect(new Set(firsts.flat()).size).toBe(4);
  });
});
