import { describe, expect, test } from 'vitest';
import { Flag } from '../../src/wire/message.ts';
import { ask, catalog, exchange, lines, pipeline, queryFor, SOA_AND_NS } from '../support/authority.ts';

const many = (count: number, row: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => row(i)).join('\n');
const subject = pipeline(
  catalog({
    'big.': `
$TTL 300
${SOA_AND_NS}
ten    ${'A 192.0.2.1\n'}
many   A 192.0.2.0
${many(60, (i) => `many A 198.51.100.${i}`)}
alias  CNAME many
mx     MX 1 mail
${many(60, (i) => `mail A 203.0.113.${i}`)}
sub    NS a.sub
${many(12, (i) => `sub NS n${i}.sub`)}
a.sub  A 192.0.2.1
${many(12, (i) => `n${i}.sub A 192.0.2.${i}\nn${i}.sub AAAA 2001:db8::${i}`)}
text   ${many(250, (i) => `text TXT "${String(i).padStart(200, '.')}"`)}
`.replace('text   text', 'text'),
  }),
);

const FEW = 60;
const LOTS = 400;
const servers = (cut: string, count: number): string =>
  many(count, (i) => `${cut} NS n${i}.${cut}\nn${i}.${cut} A 192.0.2.1\nn${i}.${cut} AAAA 2001:db8::1`);
const crowd = pipeline(
  catalog({ 'crowd.': `$TTL 300\n${SOA_AND_NS}\n${servers('few', FEW)}\n${servers('lots', LOTS)}\n` }),
);

describe('RFC 2181 §9: whole RRsets, or TC', () => {
  test('an RRset too large for 512 bytes stays out, and TC says so', () => {
    const message = ask(subject, 'many.big. A');
    expect(message.flags & Flag.TC).toBeTruthy();
    expect(message.answer).toEqual([]);
  });

  test('an alias before it stays in', () => {
    expect(lines(ask(subject, 'alias.big. A'))).toEqual([
      'NOERROR aa tc',
      'an alias.big. 300 IN CNAME many.big.',
    ]);
  });

  test('EDNS makes room [RFC 6891 §6.2.3]', () => {
    expect(ask(subject, 'many.big. A', { udpSize: 1232 }).answer).toHaveLength(61);
  });

  test('additional data stays out without TC [RFC 2181 §9]', () => {
    expect(lines(ask(subject, 'mx.big. MX'))).toEqual(['NOERROR aa', 'an mx.big. 300 IN MX 1 mail.big.']);
  });

  test('glue of a referral that does not fit sets TC [RFC 9471 §3.1]', () => {
    const message = ask(subject, 'x.sub.big. A');
    expect(message.flags & Flag.TC).toBeTruthy();
    expect(message.authority).toHaveLength(13);
    expect(ask(subject, 'x.sub.big. A', { udpSize: 1232 }).flags & Flag.TC).toBe(0);
  });

  test('servers beside the cut, whose addresses come along where they fit [RFC 9471 §3.2]', () => {
    const beside = pipeline(
      catalog({
        'beside.': `
$TTL 300
${SOA_AND_NS}
sub      NS ns.xsub
sub      NS ns.sub
sub      NS any.wild
ns.xsub  A 192.0.2.1
ns.sub   A 192.0.2.2
*.wild   A 192.0.2.3
${many(
  12,
  (i) => `far NS n${i}.near
n${i}.near A 192.0.2.${i}
n${i}.near AAAA 2001:db8::${i}`,
)}
`,
      }),
    );
    expect(lines(ask(beside, 'x.sub.beside. A')).filter((line) => line.startsWith('ad '))).toEqual([
      'ad ns.sub.beside. 300 IN A 192.0.2.2',
      'ad ns.xsub.beside. 300 IN A 192.0.2.1',
      'ad any.wild.beside. 300 IN A 192.0.2.3',
    ]);
    expect(ask(beside, 'x.far.beside. A').flags & Flag.TC).toBe(0);
  });

  test('a referral to more servers than a reply holds says with TC that glue is missing', () => {
    const few = ask(crowd, 'x.few.crowd. A', { tcp: true });
    expect([few.additional.length, few.flags & Flag.TC]).toEqual([2 * FEW, 0]);
    const lots = ask(crowd, 'x.lots.crowd. A', { tcp: true });
    expect(lots.authority).toHaveLength(LOTS);
    expect(lots.additional.length).toBeGreaterThanOrEqual(2 * FEW);
    expect(lots.flags & Flag.TC).toBeTruthy();
  });

  test('no client gets more than 1232 bytes over UDP [RFC 9715]', () => {
    for (const udpSize of [0, 512, 1232, 4096, 65_535]) {
      const response = exchange(subject, queryFor('many.big. A', { udpSize }));
      expect(response?.length).toBeLessThanOrEqual(Math.min(Math.max(udpSize, 512), 1232));
    }
  });

  test('TCP carries what UDP does not', () => {
    const message = ask(subject, 'text.big. TXT', { tcp: true });
    expect(message.flags & Flag.TC).toBe(0);
    expect(message.answer).toHaveLength(250);
  });
});
