/** What is believed of a reply: the table of LIMITS B9 to B14, one liar per row. */
import { describe, expect, test } from 'vitest';
import { scrub } from '../../src/resolver/scrub.ts';
import { asked, blockText, message, name, type Parts, plain } from './messages.ts';

const ZONE = name('example.com');

/** What is left of a reply to `www.example.com A` by a server of example.com, in a line. */
function left(parts: Parts, question = 'www.example.com A', zone = ZONE): string {
  const { rrsets, link, soa, referral, authorityOf, oversized } = scrub(
    message(question, parts),
    asked(question),
    zone,
  );
  const words = [
    ...rrsets.map(blockText),
    link && `${plain(link.owner)} ${blockText(link.block)}`,
    soa && `denied by ${plain(soa.owner)}`,
    referral && `to ${plain(referral.cut)} ${referral.ttl}`,
    ...(referral?.servers ?? []).map((s) => `${plain(s.name)}[${s.addresses}]`),
    authorityOf === 'nobody' ? undefined : `speaks for ${authorityOf}`,
    oversized ? 'oversized' : undefined,
  ];
  return words.filter((word) => word !== undefined).join(', ') || 'nothing';
}

const SOA = 'SOA ns.example.com host.example.com 1 2 3 4 5';

describe('the answer section', () => {
  test.each<[string, Parts, string]>([
    ['its own RRset', { answer: ['www.example.com 300 A 192.0.2.1'] }, 'A 300 192.0.2.1'],
    ['whatever the case', { answer: ['WWW.Example.COM 300 A 192.0.2.1'] }, 'A 300 192.0.2.1'],
    ['not another name', { answer: ['ftp.example.com 300 A 192.0.2.1'] }, 'nothing'],
    ['not another type', { answer: ['www.example.com 300 TXT hello'] }, 'nothing'],
    [
      'not what lies about somebody else',
      { answer: ['www.example.com 300 A 192.0.2.1', 'www.bank.com 300 A 6.6.6.6'] },
      'A 300 192.0.2.1',
    ],
    [
      'each record once [RFC 2181 §5]',
      { answer: ['www.example.com 300 A 192.0.2.1', 'www.example.com 300 A 192.0.2.1'] },
      'A 300 192.0.2.1',
    ],
    [
      'at the lowest TTL [RFC 2181 §5.2]',
      { answer: ['www.example.com 300 A 192.0.2.1', 'www.example.com 20 A 192.0.2.2'] },
      'A 20 192.0.2.1 192.0.2.2',
    ],
    ['for a day at most', { answer: ['www.example.com 999999 A 192.0.2.1'] }, 'A 86400 192.0.2.1'],
    [
      'one link of an alias chain [LIMITS B11]',
      {
        answer: [
          'www.example.com 300 CNAME a.example.com',
          'a.example.com 300 CNAME www.bank.com',
          'www.bank.com 300 A 6.6.6.6',
        ],
      },
      'www.example.com. CNAME 300 a.example.com.',
    ],
    [
      'the first of two CNAMEs [RFC 2181 §10.1]',
      { answer: ['www.example.com 300 CNAME a.test', 'www.example.com 300 CNAME b.test'] },
      'www.example.com. CNAME 300 a.test.',
    ],
    [
      'a DNAME of the zone and not the CNAME made of it [RFC 6672 §5.3.1]',
      { answer: ['example.com 300 DNAME other.net', 'www.example.com 300 CNAME www.liar.net'] },
      'example.com. DNAME 300 other.net.',
    ],
    [
      'no DNAME from above the zone [LIMITS B9]',
      { answer: ['com 300 DNAME other.net', 'www.example.com 300 A 192.0.2.1'] },
      'A 300 192.0.2.1',
    ],
    [
      'no DNAME at the name itself [RFC 6672 §2.3]',
      { answer: ['www.example.com 300 DNAME other.net'] },
      'nothing',
    ],
  ])('keeps %s', (_, parts, expected) => expect(left(parts)).toBe(expected));

  test('for ANY, keeps every type at the name', () => {
    const answer = [
      'www.example.com 300 A 192.0.2.1',
      'www.example.com 60 TXT hi',
      'x.example.com 1 A 1.1.1.1',
    ];
    expect(left({ answer }, 'www.example.com ANY')).toBe('A 300 192.0.2.1, TXT 60 "hi"');
  });

  test('for CNAME, keeps the alias as the answer', () => {
    const answer = ['www.example.com 300 CNAME a.test'];
    expect(left({ answer }, 'www.example.com CNAME')).toBe('CNAME 300 a.test.');
  });

  test('gives up an RRset that no message can carry', () => {
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.example.com`;
    const answer = Array.from({ length: 400 }, (_, i) => `www.example.com 300 MX ${i} ${long}`);
    expect(left({ answer }, 'www.example.com MX')).toBe('oversized');
  });
});

describe('the authority section', () => {
  test.each<[string, Parts, string]>([
    [
      'NS beside an answer are not heard [LIMITS B10]',
      {
        answer: ['www.example.com 300 A 192.0.2.1'],
        authority: ['example.com 300 NS ns.liar.net'],
        additional: ['ns.liar.net 300 A 6.6.6.6'],
      },
      'A 300 192.0.2.1',
    ],
    [
      'the SOA of the zone denies',
      { authority: [`example.com 300 ${SOA}`] },
      'denied by example.com., speaks for zone',
    ],
    ['the SOA above the zone does not [LIMITS B9]', { authority: [`com 300 ${SOA}`] }, 'speaks for above'],
    ['the SOA of a sister does not', { authority: [`mail.example.com 300 ${SOA}`] }, 'nothing'],
    ['the SOA of a stranger does not', { authority: [`bank.com 300 ${SOA}`] }, 'nothing'],
    [
      'NS further down refer',
      { authority: ['www.example.com 300 NS ns.other.net'] },
      'to www.example.com. 300, ns.other.net.[]',
    ],
    [
      'NS of the zone itself do not [LIMITS B14]',
      { authority: ['example.com 300 NS ns.other.net'] },
      'speaks for zone',
    ],
    ['NS above do not [LIMITS B14]', { authority: ['com 300 NS ns.other.net'] }, 'speaks for above'],
    ['NS of the root do not [LIMITS B14]', { authority: ['. 300 NS ns.other.net'] }, 'speaks for above'],
    [
      'NS beside the way do not [LIMITS B14]',
      { authority: ['ftp.example.com 300 NS ns.other.net'] },
      'nothing',
    ],
    ['NS of a stranger do not [LIMITS B14]', { authority: ['bank.com 300 NS ns.other.net'] }, 'nothing'],
  ])('%s', (_, parts, expected) => expect(left(parts)).toBe(expected));

  test('a cut does not lead to its own DS [RFC 4035 §3.1.4.1]', () => {
    const authority = ['www.example.com 300 NS ns.other.net'];
    expect(left({ authority }, 'www.example.com DS')).toBe('nothing');
  });
});

describe('glue', () => {
  const authority = ['sub.example.com 300 NS ns.sub.example.com', 'sub.example.com 300 NS ns.example.com'];
  const glue = (...additional: string[]): string => left({ authority, additional }, 'www.sub.example.com A');

  test('is taken for the servers named, from below the zone', () => {
    expect(glue('ns.sub.example.com 300 A 192.0.2.1', 'ns.example.com 300 AAAA 2001:db8::1')).toBe(
      'to sub.example.com. 300, ns.sub.example.com.[192.0.2.1], ns.example.com.[2001:db8::1]',
    );
  });
  test('shortens the life of its delegation', () => {
    expect(glue('ns.sub.example.com 20 A 192.0.2.1')).toContain('to sub.example.com. 20');
  });
  test('for others is not taken [LIMITS B12]', () => {
    expect(glue('www.example.com 300 A 6.6.6.6')).not.toContain('6.6.6.6');
  });
  test('from above the zone is not taken [LIMITS B12]', () => {
    const additional = ['ns.bank.com 300 A 6.6.6.6'];
    const parts = { authority: ['sub.example.com 300 NS ns.bank.com'], additional };
    expect(left(parts, 'www.sub.example.com A')).toBe('to sub.example.com. 300, ns.bank.com.[]');
    expect(left(parts, 'www.sub.example.com A', name('com'))).toContain('ns.bank.com.[6.6.6.6]');
  });
});

test('records of another class are not there', () => {
  const reply = message('www.example.com A', { answer: ['www.example.com 300 A 192.0.2.1'] });
  const chaos = { ...reply, authority: [], answer: reply.answer.map((record) => ({ ...record, class: 3 })) };
  expect(scrub(chaos, asked('www.example.com A'), ZONE).rrsets).toEqual([]);
});
