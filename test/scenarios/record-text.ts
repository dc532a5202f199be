/**
 * Records of scenarios, from text and back: `owner ttl TYPE rdata`, names without a final dot, as dns-packet
 * has them.
 */
import type { Answer } from 'dns-packet';

const unrooted = (text: string): string => text.replace(/(.)\.$/, '$1').replace(/^\.$/, '');

export function recordFrom(text: string): Answer {
  const [owner = '', ttlText = '', type = '', ...words] = text.trim().split(/\s+/);
  const ttl = Number(ttlText);
  if (!Number.isInteger(ttl)) throw new Error(`expected "owner ttl TYPE rdata": ${text}`);
  return { name: unrooted(owner), ttl, type, class: 'IN', data: rdataFrom(type, words) } as Answer;
}

function rdataFrom(type: string, words: string[]): unknown {
  const [first = '', ...rest] = words;
  switch (type) {
    case 'A':
    case 'AAAA':
      return first;
    case 'NS':
    case 'CNAME':
    case 'DNAME':
    case 'PTR':
      return unrooted(first);
    case 'MX':
      return { preference: Number(first), exchange: unrooted(rest[0] ?? '') };
    case 'TXT':
      return [words.join(' ')];
    case 'DS':
      return { keyTag: Number(first), algorithm: 8, digestType: 2, digest: Buffer.alloc(32) };
    case 'SOA': {
      const [rname = '', ...numbers] = rest;
      const [serial, refresh, retry, expire, minimum] = numbers.map(Number);
      return { mname: unrooted(first), rname: unrooted(rname), serial, refresh, retry, expire, minimum };
    }
    default:
      throw new Error(`a scenario cannot have a ${type} record`);
  }
}
