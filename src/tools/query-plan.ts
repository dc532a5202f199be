/**
 * What one run of `cairn query` is to do, and dig's `+flags` that change it: a table, so that help and
 * suggestions know the same words that work. A flag in, a changed plan or a complaint out.
 */
import { UDP_BYTES_MAX } from '../base/limits.ts';
import { nearest } from '../base/nearest.ts';
import type { Endpoint } from '../resolver/upstream.ts';
import { Class, Type } from '../wire/codes.ts';
import { ROOT } from '../wire/name.ts';

/** Which parts of a reply are printed. */
export interface Shown {
  short: boolean;
  command: boolean;
  comments: boolean;
  question: boolean;
  answer: boolean;
  authority: boolean;
  additional: boolean;
  stats: boolean;
}

export interface QueryPlan {
  server: Endpoint;
  /** The name in wire form, in the case it was typed in. */
  spelled: Uint8Array;
  type: number;
  class: number;
  via: 'udp' | 'tcp';
  /** The only family to use, of the default server and of those that a trace meets. */
  family: 4 | 6 | undefined;
  trace: boolean;
  /** Where the servers that a trace meets listen. */
  tracePort: number;
  recursionDesired: boolean;
  authenticData: boolean;
  checkingDisabled: boolean;
  dnssecOk: boolean;
  nsid: boolean;
  /** What we take over UDP; undefined is a query without EDNS. */
  udpSize: number | undefined;
  /** Keep a truncated reply and do not ask again over TCP. */
  ignoreTruncation: boolean;
  timeoutMs: number;
  tries: number;
  readonly shown: Shown;
}

export const DNS_PORT = 53;

/** dig's defaults, but for the size: what arrives unfragmented. */
export const plainPlan = (): QueryPlan => ({
  server: { address: '', port: DNS_PORT },
  spelled: ROOT,
  type: Type.A,
  class: Class.IN,
  via: 'udp',
  family: undefined,
  trace: false,
  tracePort: DNS_PORT,
  recursionDesired: true,
  authenticData: true,
  checkingDisabled: false,
  dnssecOk: false,
  nsid: false,
  udpSize: UDP_BYTES_MAX,
  ignoreTruncation: false,
  timeoutMs: 5_000,
  tries: 3,
  shown: {
    short: false,
    command: true,
    comments: true,
    question: true,
    answer: true,
    authority: true,
    additional: true,
    stats: true,
  },
});

type Switch = (plan: QueryPlan, on: boolean) => void;

function everything({ shown }: QueryPlan, on: boolean): void {
  shown.command = shown.comments = shown.stats = on;
  shown.question = shown.answer = shown.authority = shown.additional = on;
}

/** `+word` and `+noword`. */
const SWITCHES: ReadonlyMap<string, Switch> = new Map(
  Object.entries<Switch>({
    adflag: (plan, on) => (plan.authenticData = on),
    cdflag: (plan, on) => (plan.checkingDisabled = on),
    dnssec(plan, on) {
      plan.dnssecOk = on;
      if (on) plan.udpSize ??= UDP_BYTES_MAX; // RFC 3225 §3: the bit lives in the OPT.
    },
    edns: (plan, on) => (plan.udpSize = on ? (plan.udpSize ?? UDP_BYTES_MAX) : undefined),
    ignore: (plan, on) => (plan.ignoreTruncation = on),
    nsid: (plan, on) => (plan.nsid = on),
    recurse: (plan, on) => (plan.recursionDesired = on),
    tcp: (plan, on) => (plan.via = on ? 'tcp' : 'udp'),
    trace: (plan, on) => (plan.trace = on),
    all: everything,
    short: ({ shown }, on) => (shown.short = on),
    cmd: ({ shown }, on) => (shown.command = on),
    comments: ({ shown }, on) => (shown.comments = on),
    question: ({ shown }, on) => (shown.question = on),
    answer: ({ shown }, on) => (shown.answer = on),
    authority: ({ shown }, on) => (shown.authority = on),
    additional: ({ shown }, on) => (shown.additional = on),
    stats: ({ shown }, on) => (shown.stats = on),
  }),
);

interface Quantity {
  readonly least: number;
  readonly most: number;
  readonly set: (plan: QueryPlan, value: number) => void;
}

/** `+word=number`. */
const QUANTITIES: ReadonlyMap<string, Quantity> = new Map(
  Object.entries<Quantity>({
    bufsize: { least: 0, most: 65_535, set: (plan, size) => (plan.udpSize = size) },
    timeout: { least: 1, most: 300, set: (plan, seconds) => (plan.timeoutMs = seconds * 1000) },
    tries: { least: 1, most: 20, set: (plan, tries) => (plan.tries = tries) },
    retry: { least: 0, most: 19, set: (plan, again) => (plan.tries = again + 1) },
    traceport: { least: 1, most: 65_535, set: (plan, port) => (plan.tracePort = port) },
  }),
);

/** dig's other words for the same. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ad: 'adflag',
    cd: 'cdflag',
    do: 'dnssec',
    rd: 'recurse',
    rdflag: 'recurse',
    rec: 'recurse',
    time: 'timeout',
    vc: 'tcp',
  }),
);

export const suggestion = (meant: string | undefined): string =>
  meant === undefined ? '' : `; did you mean ${meant}?`;

/** Applies `+word`, `+noword` or `+word=number`; gives a complaint where there is no such flag. */
export function applyFlag(plan: QueryPlan, word: string): string | undefined {
  const equals = word.indexOf('=');
  const [typed, value] =
    equals < 0 ? [word.slice(1), undefined] : [word.slice(1, equals), word.slice(equals + 1)];
  const flag = typed.toLowerCase();
  const known = (name: string): string => ALIASES.get(name) ?? name;
  const quantity = QUANTITIES.get(known(flag));
  if (quantity !== undefined) {
    const number = /^\d{1,6}$/.test(value ?? '') ? Number(value) : -1;
    if (number < quantity.least || number > quantity.most) {
      return `+${flag}= takes a number from ${quantity.least} to ${quantity.most}`;
    }
    quantity.set(plan, number);
    return undefined;
  }
  const on = SWITCHES.has(known(flag));
  const name = on || !flag.startsWith('no') ? known(flag) : known(flag.slice(2));
  const turn = SWITCHES.get(name);
  if (turn === undefined) {
    const meant = nearest(flag, flagWords());
    return `there is no flag '+${typed}'${suggestion(meant && `+${meant}`)}`;
  }
  if (value !== undefined) return `+${flag} takes no value`;
  turn(plan, on);
  return undefined;
}

function flagWords(): string[] {
  const words = [...SWITCHES.keys(), ...ALIASES.keys()];
  return [...words, ...words.map((word) => `no${word}`), ...QUANTITIES.keys()];
}
