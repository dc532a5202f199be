import { describe, expect, test } from 'vitest';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { Chance } from '../support/chance.ts';
import { askOurs, pipelineOf } from './contest.ts';
import { explanationOf } from './explain.ts';
import { RULES } from './explained.ts';
import type { PeerName } from './peers.ts';
import { makeQuestions, type Question, questionText } from './question.ts';
import type { MadeRecord } from './record.ts';
import { faultsOf, inventedIn, truncationFault } from './sound.ts';
import { differences, type Response } from './verdict.ts';
import { apexes, makeWorld, type World, zoneText } from './world.ts';

const PEERS: readonly PeerName[] = ['nsd', 'knot', 'bind'];

const record = (text: string): MadeRecord => {
  const [owner = '', ttl = '', type = '', ...rdata] = text.split(' ');
  return { owner, ttl: Number(ttl), type, rdata: rdata.join(' ') };
};

const response = (
  parts: Partial<Record<'answer' | 'authority' | 'additional', string[]>> = {},
): Response => ({
  bytes: 100,
  rcode: 'NOERROR',
  aa: true,
  tc: false,
  answer: (parts.answer ?? []).map(record),
  authority: (parts.authority ?? []).map(record),
  additional: (parts.additional ?? []).map(record),
});

const referral = response({
  authority: ['a.test. 60 NS ns.a.test.', 'a.test. 60 NS ns.b.test.'],
  additional: ['ns.a.test. 60 A 192.0.2.1', 'ns.b.test. 60 A 192.0.2.2'],
});

describe('two responses', () => {
  test('are the same in any order', () => {
    const answer = ['a.test. 60 A 192.0.2.1', 'a.test. 60 A 192.0.2.2'];
    expect(differences(response({ answer }), response({ answer: answer.toReversed() }))).toEqual(new Set());
  });

  test.each<[string, Response, string]>([
    ['RCODE', { ...referral, rcode: 'NXDOMAIN' }, 'rcode'],
    ['AA', { ...referral, aa: false }, 'aa'],
    ['a record too many', { ...referral, answer: [record('a.test. 60 A 192.0.2.1')] }, 'answer'],
    ['a TTL', { ...referral, authority: referral.authority.map((r) => ({ ...r, ttl: 61 })) }, 'authority'],
    ['a record missing', { ...referral, authority: referral.authority.slice(0, 1) }, 'authority'],
    ['glue at or below the cut', { ...referral, additional: referral.additional.slice(1) }, 'glue'],
  ])('differ in %s', (_, other, aspect) => expect(differences(referral, other)).toContain(aspect));

  test('may differ in what a referral can do without [RFC 9471 §3.2]', () => {
    const other = { ...referral, additional: referral.additional.slice(0, 1) };
    expect(differences(referral, other)).toEqual(new Set());
  });
});

describe('a response is unsound', () => {
  const whole = response({ answer: ['a.test. 60 A 192.0.2.1', 'a.test. 60 A 192.0.2.2'] });
  const none: Response = { ...whole, answer: [] };
  test.each<[string, Response, Response]>([
    ['with a record twice', { ...whole, answer: [...whole.answer, whole.answer[0]!] }, whole],
    ['with half an RRset', { ...whole, answer: whole.answer.slice(1), tc: true }, whole],
    ['with something missing and no TC', none, whole],
    ['with TC and nothing missing', { ...whole, tc: true }, whole],
    ['with another RCODE over TCP', { ...whole, rcode: 'NXDOMAIN' }, whole],
    ['when it is truncated over TCP', { ...none, tc: true }, { ...whole, tc: true }],
  ])('%s', (_, one, overTcp) => expect(faultsOf(one, overTcp)).not.toEqual([]));

  test('but not whole, and not truncated as a whole', () => {
    expect(faultsOf(whole, whole)).toEqual([]);
    expect(faultsOf({ ...none, tc: true }, whole)).toEqual([]);
  });

  test('when it is truncated and would fit, or does not fit', () => {
    const question: Question = {
      spelled: 'a.test.',
      name: 'a.test.',
      type: 'A',
      transport: 'udp',
      edns: undefined,
    };
    const cut = { ...none, tc: true };
    const both = { question, theirs: whole, theirsWhole: whole };
    expect(truncationFault({ ...both, ours: cut, oursWhole: { ...whole, bytes: 512 } })).toBeDefined();
    expect(truncationFault({ ...both, ours: { ...whole, bytes: 513 }, oursWhole: whole })).toBeDefined();
    const large = { ...whole, bytes: 513 };
    expect(truncationFault({ ...both, ours: cut, oursWhole: large, theirs: cut, theirsWhole: large })).toBe(
      undefined,
    );
  });
});

test('a response invents nothing, and what a wildcard covers is not invented', () => {
  const zones = new Map([['test.', ['*.a.test. 60 A 192.0.2.1', 'b.test. 60 MX 1 x.a.test.'].map(record)]]);
  const world: World = { seed: 0, kind: 'one zone', zones };
  expect(inventedIn(response({ additional: ['x.a.test. 60 A 192.0.2.1'] }), world)).toBe(undefined);
  expect(inventedIn(response({ additional: ['x.test. 60 A 192.0.2.1'] }), world)).toBeDefined();
  expect(inventedIn(response({ additional: ['x.a.test. 60 A 192.0.2.2'] }), world)).toBeDefined();
});

/** What a wrong server might say instead; undefined where the response has nothing of the kind. */
const wrongs: Record<string, (r: Response, chance: Chance) => Response | undefined> = {
  'another RCODE': (r) => ({ ...r, rcode: r.rcode === 'NXDOMAIN' ? 'NOERROR' : 'NXDOMAIN' }),
  'AA turned round': (r) => ({ ...r, aa: !r.aa }),
  'another TTL': (r) => r.answer[0] && { ...r, answer: [{ ...r.answer[0], ttl: 77 }, ...r.answer.slice(1)] },
  'a stranger in the answer': (r) => ({ ...r, answer: [...r.answer, record('stranger. 60 A 192.0.2.99')] }),
  'a record less in the answer': (r, chance) =>
    r.answer.length > 0 ? { ...r, answer: r.answer.toSpliced(chance.below(r.answer.length), 1) } : undefined,
  'an empty authority section': (r) => (r.authority.length > 0 ? { ...r, authority: [] } : undefined),
  'another TTL of the SOA': (r) =>
    r.authority[0]?.type === 'SOA' ? { ...r, authority: [{ ...r.authority[0], ttl: 77 }] } : undefined,
  'a server less in a referral': (r) =>
    r.authority[0]?.type === 'NS' ? { ...r, authority: r.authority.slice(1) } : undefined,
};

/** Our answers in any world. The rules come to the same few worlds by many ways: each is compiled once. */
function answersIn(): (world: World, question: Question) => Response {
  const known = new Map<string, Pipeline>();
  return (world, question) => {
    const text = apexes(world)
      .map((apex) => `; ${apex}\n${zoneText(world, apex)}`)
      .join();
    const subject = known.get(text) ?? pipelineOf(world);
    known.set(text, subject);
    return askOurs(subject, question);
  };
}

describe('rules', () => {
  test('are named once each, and say by which RFC, who is right, and why', () => {
    expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
    for (const rule of RULES) {
      expect(rule.rfc).toMatch(/^RFC \d+ §/);
      expect(rule.why.length).toBeGreaterThan(30);
      expect([rule.world, rule.retold].filter(Boolean)).toHaveLength(1);
    }
  });

  // What is wrong may be one peer's very manner; a mistake of ours would have to be that of all three.
  test.each(Array.from({ length: 12 }, (_, i) => i + 1))(
    'excuse no planted wrong for all peers in world %i',
    (seed) => {
      const excused: string[] = [];
      let planted = 0;
      const world = makeWorld(seed);
      const oursIn = answersIn();
      const chance = new Chance(seed);
      for (const question of makeQuestions(world, 12, chance)) {
        const ours = oursIn(world, { ...question, transport: 'tcp' });
        for (const [what, plant] of Object.entries(wrongs)) {
          const theirs = plant(ours, chance);
          if (theirs === undefined || question.type === 'ANY') continue;
          planted++;
          const isExcused = PEERS.every((peer) =>
            explanationOf({ world, question, peer, ours, theirs, oursIn }),
          );
          if (isExcused) excused.push(`${what}: ${questionText(question)}`);
        }
      }
      expect(planted).toBeGreaterThan(30);
      expect(excused).toEqual([]);
    },
  );
});
