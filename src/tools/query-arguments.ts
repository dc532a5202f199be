/**
 * The words after `cairn query`, in dig's grammar, to a plan; or to complaints, all of them at once. A bare
 * word that names a type or a class is one, the first time; any other is the name. No name is ever looked up
 * to find a server: the server is an address.
 */
import { isIP } from 'node:net';
import { parseIpv4, parseIpv6 } from '../base/ip.ts';
import { nearest } from '../base/nearest.ts';
import type { Endpoint } from '../resolver/upstream.ts';
import { parseListen } from '../transport/addresses.ts';
import { Class, classFromText, Type, typeFromText } from '../wire/codes.ts';
import { parseName, ROOT } from '../wire/name.ts';
import { applyFlag, DNS_PORT, plainPlan, type QueryPlan, suggestion } from './query-plan.ts';

export type QueryArguments = QueryPlan | { readonly complaints: readonly string[] } | 'help';

/** `127.0.0.1`, `127.0.0.1:5300`, `::1` or `[::1]:5300`. */
function endpointFromText(text: string, defaultPort: number): Endpoint | undefined {
  const place = parseListen(text, defaultPort);
  return typeof place === 'string' || place.address === '*' || place.port === 0 ? undefined : place;
}

/** The first usable `nameserver` line of a resolv.conf, or this very machine. */
function defaultServer(resolvConf: string, family: 4 | 6 | undefined, port: number): Endpoint {
  const listed = [...resolvConf.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map((line) => line[1] as string);
  const usable = listed.find((address) => isIP(address) === (family ?? isIP(address)) && isIP(address) !== 0);
  return { address: usable ?? (family === 6 ? '::1' : '127.0.0.1'), port };
}

/**
 * `4.3.2.1.in-addr.arpa.` of RFC 1035 §3.5, or RFC 3596 §2.5's nibbles; undefined where there is no address.
 */
export function reverseNameText(address: string): string | undefined {
  const v4 = parseIpv4(address);
  if (v4 !== undefined) return `${[...v4].reverse().join('.')}.in-addr.arpa.`;
  const v6 = parseIpv6(address);
  if (v6 === undefined) return undefined;
  const nibbles = [...Buffer.from(v6).toString('hex')];
  return `${nibbles.reverse().join('.')}.ip6.arpa.`;
}

/** What has been gathered while reading the words from left to right. */
class Draft {
  readonly complaints: string[] = [];
  name: string | undefined;
  type: number | undefined;
  class: number | undefined;
  server: string | undefined;
  port = DNS_PORT;
  reverse = false;
  readonly plan = plainPlan();

  takeName(text: string): void {
    if (this.name !== undefined) this.complain(`one name at a time: '${this.name}' and then '${text}'`);
    this.name = text;
  }

  takeWord(word: string): void {
    const type = this.type === undefined ? typeFromText(word) : undefined;
    const klass = this.class === undefined ? classFromText(word) : undefined;
    if (type !== undefined) this.type = type;
    else if (klass !== undefined) this.class = klass;
    else this.takeName(word);
  }

  complain(text: string | undefined): void {
    if (text !== undefined) this.complaints.push(text);
  }
}

type Option = (draft: Draft, value: string) => void;

/** `-x ADDRESS` and its like; the value may be glued to the letter. */
const OPTIONS: ReadonlyMap<string, Option> = new Map(
  Object.entries<Option>({
    p(draft, value) {
      const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
      if (port < 1 || port > 65_535) draft.complain(`-p takes a port from 1 to 65535, not '${value}'`);
      draft.port = port;
    },
    q: (draft, value) => draft.takeName(value),
    x(draft, value) {
      const name = reverseNameText(value);
      if (name === undefined) draft.complain(`-x takes an IPv4 or IPv6 address, not '${value}'`);
      draft.reverse = true;
      draft.takeName(name ?? value);
    },
    t(draft, value) {
      draft.type = typeFromText(value);
      if (draft.type === undefined) {
        const meant = nearest(value.toUpperCase(), Object.keys(Type));
        draft.complain(`-t: there is no type '${value}'${suggestion(meant)}`);
      }
    },
    c(draft, value) {
      draft.class = classFromText(value);
      if (draft.class === undefined)
        draft.complain(`-c: there is no class '${value}'; expected IN, CH or HS`);
    },
  }),
);

function takeOption(draft: Draft, word: string, next: string | undefined): 'alone' | 'with next' {
  const letter = word[1] ?? '';
  if (word === '-4' || word === '-6') {
    draft.plan.family = word === '-4' ? 4 : 6;
    return 'alone';
  }
  const take = OPTIONS.get(letter);
  if (take === undefined) {
    draft.complain(`there is no option '${word}'; expected -p, -x, -t, -c, -q, -4 or -6`);
    return 'alone';
  }
  if (word.length > 2) {
    take(draft, word.slice(2));
    return 'alone';
  }
  if (next === undefined) draft.complain(`-${letter} takes a value`);
  else take(draft, next);
  return 'with next';
}

/** @param resolvConf the text of the file that names this machine's resolver; may be empty */
export function readArguments(words: readonly string[], resolvConf: string): QueryArguments {
  if (words.includes('-h') || words.includes('--help')) return 'help';
  const draft = new Draft();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word.startsWith('@')) draft.server = word.slice(1);
    else if (word.startsWith('+')) draft.complain(applyFlag(draft.plan, word));
    else if (word.startsWith('-') && word.length > 1) {
      if (takeOption(draft, word, words[i + 1]) === 'with next') i++;
    } else draft.takeWord(word);
  }
  settle(draft, resolvConf);
  return draft.complaints.length > 0 ? { complaints: draft.complaints } : draft.plan;
}

/** What can only be said once every word is known. */
function settle(draft: Draft, resolvConf: string): void {
  const { plan } = draft;
  // Like dig: nothing to ask for is asking who serves the root.
  plan.type = draft.type ?? (draft.reverse ? Type.PTR : draft.name === undefined ? Type.NS : Type.A);
  plan.class = draft.class ?? Class.IN;
  const spelled = parseName(Buffer.from(draft.name ?? '.'), ROOT);
  if (typeof spelled === 'string') draft.complain(`'${draft.name}' is no name: expected ${spelled}`);
  else plan.spelled = spelled;
  const server =
    draft.server === undefined
      ? defaultServer(resolvConf, plan.family, draft.port)
      : endpointFromText(draft.server, draft.port);
  if (server === undefined) {
    draft.complain(`'@${draft.server}' is no server: expected an address, as in @127.0.0.1 or @[::1]:5300`);
  } else if (plan.family !== undefined && isIP(server.address) !== plan.family) {
    draft.complain(`-${plan.family} and @${server.address} exclude each other`);
  } else plan.server = server;
}
