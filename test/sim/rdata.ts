/**
 * RDATA for the simulated internet. Whose word an address is can be read off it: 20/8 and 2a00::/16 are
 * servers, 30/8 is what honest zones say (each address once in a run, so that a fact is known by it), 66.k/16
 * is liar k's, 99/8 that of whoever sends replies nobody asked for.
 */
import { Type } from '../../src/wire/codes.ts';
import { type Rrset, wireName } from './contents.ts';

const LIARS = 66;
const FORGERS = 99;

const ipv4 = (network: number, number: number): Uint8Array =>
  Uint8Array.of(network, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff);

export const factAddress = (number: number): Uint8Array => ipv4(30, number);
export const liarAddress = (liar: number, number: number): Uint8Array => ipv4(LIARS, (liar << 16) | number);
export const forgedAddress = (number: number): Uint8Array => ipv4(FORGERS, number);

export const serverAddress = (number: number, family: 4 | 6): string =>
  family === 4 ? `20.0.${number >> 8}.${number & 0xff}` : `2a00::${number.toString(16)}`;

/** Whose word it is. */
export function speakerOf(rdata: Uint8Array): { liar: number } | 'forger' | undefined {
  if (rdata.length !== 4) return undefined;
  if (rdata[0] === FORGERS) return 'forger';
  return rdata[0] === LIARS ? { liar: rdata[1] as number } : undefined;
}

export function addressRrset(owner: string, address: string, ttl: number): Rrset {
  if (!address.includes(':')) {
    const rdata = Uint8Array.from(address.split('.').map(Number));
    return { owner, type: Type.A, ttl, rdatas: [rdata] };
  }
  const rdata = new Uint8Array(16);
  rdata.set([0x2a, 0x00]);
  new DataView(rdata.buffer).setUint16(14, Number.parseInt(address.slice('2a00::'.length), 16));
  return { owner, type: Type.AAAA, ttl, rdatas: [rdata] };
}

export const aliasRrset = (owner: string, type: number, target: string, ttl: number): Rrset => ({
  owner,
  type,
  ttl,
  rdatas: [wireName(target)],
  target,
});

export const nsRrset = (owner: string, hosts: readonly string[], ttl: number): Rrset => ({
  owner,
  type: Type.NS,
  ttl,
  rdatas: hosts.map(wireName),
});

export function soaRrset(apex: string, serial: number, ttl: number, minimum: number): Rrset {
  const numbers = new Uint8Array(20);
  const view = new DataView(numbers.buffer);
  for (const [i, value] of [serial, 3_600, 600, 86_400, minimum].entries()) view.setUint32(4 * i, value);
  const rdata = Buffer.concat([wireName('ns.invalid'), wireName('host.invalid'), numbers]);
  return { owner: apex, type: Type.SOA, ttl, rdatas: [rdata] };
}

export const textRdata = (text: string): Uint8Array => Buffer.from([text.length, ...Buffer.from(text)]);

export const mailRdata = (host: string): Uint8Array => Buffer.concat([Uint8Array.of(0, 10), wireName(host)]);
