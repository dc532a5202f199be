import { describe, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { realWorld } from '../../src/base/world.ts';
import type { OwnFinding } from '../../src/resolver/own-zones.ts';
import type { Outcome } from '../../src/resolver/recursor.ts';
import { ownZones } from '../../src/server/own-zones.ts';
import { Ede, Rcode, Type } from '../../src/wire/codes.ts';
import { nameText } from '../../src/wire/name.ts';
import { rrsetType } from '../../src/wire/rrset.ts';
import { catalog, name, SOA_AND_NS } from '../support/authority.ts';

const zones = catalog({
  'own.': `$TTL 60
${SOA_AND_NS}
www A 192.0.2.1
alias CNAME www
away CNAME www.elsewhere.
into CNAME x.sub
sub NS ns.sub
sub NS ns.outside.
ns.sub A 192.0.2.2
ns.sub AAAA 2001:db8::2
pool 30 POOL 192.0.2.1 weight=1
pool 30 POOL 192.0.2.2 weight=0
lost POOL use=pool.elsewhere.
`,
});
const counters = new Counters();
const own = ownZones(() => zones, { world: realWorld, counters });
const ask = (question: string, type: number = Type.A): OwnFinding => own.ask(name(question), type);
const outcomeOf = (finding: OwnFinding): Outcome =>
  finding.kind === 'answer' ? finding.outcomeFor() : expect.fail(finding.kind);
const answerOf = (finding: OwnFinding): string[] =>
  outcomeOf(finding).answer.map((r) => `${nameText(r.owner)} ${rrsetType(r.block, 0)} ${r.ttl}`);

describe('what the resolver learns of our own zones', () => {
  test('a name of nobody here is outside', () => {
    expect(ask('www.elsewhere.')).toEqual({ kind: 'outside' });
  });

  test('the DS of a zone whose parent is not here is outside [RFC 4035 §3.1.4.1]', () => {
    expect(ask('own.', Type.DS)).toEqual({ kind: 'outside' });
    expect(answerOf(ask('sub.own.', Type.DS))).toEqual([]);
  });

  test('data and alias chains are answers', () => {
    expect(answerOf(ask('www.own.'))).toEqual(['www.own. 1 60']);
    expect(answerOf(ask('alias.own.'))).toEqual(['alias.own. 5 60', 'www.own. 1 60']);
  });

  test('a pool is answered by choice when its answer is wanted; where that fails it is said why', () => {
    const finding = ask('pool.own.');
    const before = counters.get(Counter.pooled);
    expect(answerOf(finding)).toEqual(['pool.own. 1 30']);
    expect(ask('pool.own.').kind).toBe('answer');
    expect(counters.get(Counter.pooled)).toBe(before + 1);
    expect(outcomeOf(ask('lost.own.'))).toMatchObject({
      ...{ rcode: Rcode.SERVFAIL, answer: [], ede: { code: Ede.OTHER } },
    });
  });

  test('an alias that leaves is an answer as far as it goes, without a denial', () => {
    const finding = ask('away.own.');
    expect(answerOf(finding)).toEqual(['away.own. 5 60']);
    expect(outcomeOf(finding)).toMatchObject({ rcode: Rcode.NOERROR, authority: [] });
  });

  test('an alias into a delegation ends before the referral', () => {
    expect(answerOf(ask('into.own.'))).toEqual(['into.own. 5 60']);
    expect(outcomeOf(ask('into.own.'))).toMatchObject({ authority: [] });
  });

  test('denials bring their SOA', () => {
    expect(outcomeOf(ask('none.own.'))).toMatchObject({ rcode: Rcode.NXDOMAIN });
    expect(outcomeOf(ask('www.own.', Type.MX)).authority).toHaveLength(1);
  });

  test('a delegation brings its servers and the glue we hold', () => {
    const finding = ask('a.b.sub.own.');
    if (finding.kind !== 'delegation') expect.fail(finding.kind);
    expect(nameText(finding.cut)).toBe('sub.own.');
    expect(finding.servers.map((s) => [nameText(s.name), s.addresses])).toEqual([
      ['ns.sub.own.', ['192.0.2.2', '2001:db8::2']],
      ['ns.outside.', []],
    ]);
  });
});
