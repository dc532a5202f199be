/** The shape of a reply: RFC 1034 §5.3.3 step 4 and RFC 2308 §2, a row per shape. */
import { expect, test } from 'vitest';
import { classify, disappointment, type Shape } from '../../src/resolver/classify.ts';
import { scrub } from '../../src/resolver/scrub.ts';
import { asked, message, name, type Parts } from './messages.ts';

const A = 'www.example.com 300 A 192.0.2.1';
const ALIAS = 'www.example.com 300 CNAME www.other.net';
const SOA = 'example.com 300 SOA ns.example.com host.example.com 1 2 3 4 5';
const DOWN = 'www.example.com 300 NS ns.other.net';
const SELF = 'example.com 300 NS ns.example.com';
const UP = 'com 300 NS a.gtld-servers.net';

const NXDOMAIN = 3;
const YXDOMAIN = 6;

test.each<[string, Parts, Shape]>([
  ['data', { answer: [A] }, 'answer'],
  ['data without AA', { answer: [A], aa: false }, 'answer'],
  ['an alias', { answer: [ALIAS] }, 'alias'],
  [
    'an alias under NXDOMAIN, which speaks of its target [RFC 6604 §3]',
    { answer: [ALIAS], rcode: NXDOMAIN },
    'alias',
  ],
  ['a DNAME', { answer: ['example.com 300 DNAME other.net'] }, 'alias'],
  [
    'a DNAME that was too much [RFC 6672 §2.2]',
    { answer: ['example.com 1 DNAME a.b'], rcode: YXDOMAIN },
    'alias',
  ],
  ['YXDOMAIN without a DNAME', { rcode: YXDOMAIN }, 'useless'],
  ['data under NXDOMAIN', { answer: [A], rcode: NXDOMAIN }, 'useless'],
  ['NODATA with SOA and NS [RFC 2308 §2.2 type 1]', { authority: [SOA, SELF] }, 'nodata'],
  ['NODATA with SOA [RFC 2308 §2.2 type 2]', { authority: [SOA] }, 'nodata'],
  ['NODATA with nothing [RFC 2308 §2.2 type 3]', {}, 'nodata'],
  ['NODATA with the NS of the zone and AA', { authority: [SELF] }, 'nodata'],
  ['nothing without AA', { aa: false }, 'bare'],
  ['a referral', { authority: [DOWN], aa: false }, 'referral'],
  ['a referral with AA, which some set', { authority: [DOWN] }, 'referral'],
  ['a referral to somebody beside', { authority: ['example.net 1 NS a.b'], aa: false }, 'lame'],
  ['a referral to the zone itself', { authority: [SELF], aa: false }, 'lame'],
  ['a referral upwards', { authority: [UP], aa: false }, 'lame'],
  ['a referral upwards with AA', { authority: [UP] }, 'lame'],
  ['NXDOMAIN with SOA', { authority: [SOA], rcode: NXDOMAIN }, 'nxdomain'],
  ['NXDOMAIN without SOA, with AA', { rcode: NXDOMAIN }, 'nxdomain'],
  ['NXDOMAIN with neither', { rcode: NXDOMAIN, aa: false }, 'bare'],
  ['NXDOMAIN by a zone above', { authority: ['com 1 SOA a.com b.com 1 2 3 4 5'], rcode: NXDOMAIN }, 'lame'],
  ['NXDOMAIN with a referral and nothing else', { authority: [DOWN], rcode: NXDOMAIN, aa: false }, 'lame'],
  ['REFUSED', { rcode: 5 }, 'lame'],
  ['NOTAUTH', { rcode: 9 }, 'lame'],
  ['SERVFAIL', { rcode: 2 }, 'useless'],
  ['FORMERR', { rcode: 1 }, 'useless'],
  ['SERVFAIL with data', { answer: [A], rcode: 2 }, 'useless'],
  ['an RCODE nobody knows', { rcode: 13 }, 'useless'],
])('%s', (_, parts, shape) => {
  const reply = message('www.example.com A', parts);
  expect(classify(reply, scrub(reply, asked('www.example.com A'), name('example.com')))).toBe(shape);
});

test.each<[string, string, string, Shape]>([
  ['the child denies the DS of itself, which is not its own [RFC 4035 §3.1.4.1]', 'www.', 'DS', 'useless'],
  ['the parent denies it', '', 'DS', 'nodata'],
  ['the child denies what is its own', 'www.', 'A', 'nodata'],
])('%s', (_, label, type, shape) => {
  const reply = message(`www.example.com ${type}`, {
    authority: [`${label}example.com 300 SOA ns.example.com host.example.com 1 2 3 4 5`],
  });
  const scrubbed = scrub(reply, asked(`www.example.com ${type}`), name('example.com'));
  expect(classify(reply, scrubbed)).toBe(shape);
});

test.each<[Parts, string]>([
  [{ rcode: 2 }, 'said SERVFAIL'],
  [{ rcode: 5 }, 'refused'],
  [{ rcode: 13 }, 'said RCODE13'],
  [{ aa: false }, 'does not serve the zone'],
  [{ answer: [A], rcode: NXDOMAIN }, 'contradicted itself'],
])('%j is told as "%s"', (parts, text) => {
  const reply = message('www.example.com A', parts);
  expect(disappointment(reply, scrub(reply, asked('www.example.com A'), name('example.com')))).toBe(text);
});
