/**
 * The words between a resolution, which decides, and its driver, which acts. A resolution is a generator that
 * yields wishes and is resumed with what happened; it holds no socket, no timer and no promise.
 */
import { assert } from '../base/assert.ts';
import type { Message } from '../wire/message.ts';
import { type Name, nameKey } from '../wire/name.ts';
import type { Subnet } from './client-subnet.ts';
import type { Crowd } from './crowds.ts';
import type { Finding } from './outcome.ts';
import type { ClientNetwork } from './own-zones.ts';
import type { Unsent } from './upstream.ts';
import type { Volley } from './volley.ts';

export interface Asked {
  readonly name: Name;
  readonly type: number;
  /** Of who asks, where some servers are told (RFC 7871). */
  readonly subnet?: Subnet | undefined;
  /** Of the one client whom this is asked for, where a pool of ours may be met. */
  readonly network?: ClientNetwork | undefined;
}

/** Of a question. One byte per char, so that the string stays one byte per char inside the engine as well. */
export const typedKey = (name: Name, type: number): string =>
  nameKey(name) + String.fromCharCode(type >> 8, type & 0xff);

/** How a question is put to a server; less of it for servers that cannot take more. */
export interface Manner {
  readonly edns: boolean;
  /** Letters of random case, which the reply must copy (draft-vixie-dnsext-dns0x20). */
  readonly randomCase: boolean;
  /** Sent with EDNS: ours, and behind it the server's where it gave one (RFC 7873 §4). */
  readonly cookie: Uint8Array;
}

export interface Sending {
  readonly do: 'send';
  readonly to: string;
  readonly asked: Asked;
  readonly via: 'udp' | 'tcp';
  readonly manner: Manner;
  readonly recursionDesired: boolean;
  /** What the server is told of who asks. */
  readonly subnet?: Subnet | undefined;
  /** After this time it is not waited for any longer; over UDP its answer is still welcome a while. */
  readonly ms: number;
  readonly volley: Volley;
  /** Not waited for at all: it is asked beside another, to learn how it does. */
  readonly beside?: boolean;
}

/** Find out about these, side by side: the next name of an alias chain, or addresses of servers. */
export interface Resolving {
  readonly do: 'resolve';
  readonly all: readonly Asked[];
}

/** May ask the servers of a zone when others have. */
export interface Queueing {
  readonly do: 'queue';
  readonly crowd: Crowd;
}

export type Wish = Sending | Resolving | Queueing;

export type Heard =
  | {
      readonly got: 'reply';
      /** Who sent it: the one asked, or one asked before. */
      readonly from: string;
      readonly message: Message;
      readonly bytes: number;
      readonly ms: number;
      readonly caseKept: boolean;
      /** It came over UDP without the cookie that its sender has given before: anybody may have sent it. */
      readonly isDoubtful: boolean;
    }
  /**
   * `puzzled`: what came was a FORMERR that does not say to which question, and therefore proves nothing.
   * `shared`: it was asked for another walk, which blames the server.
   */
  | { readonly got: 'silence'; readonly puzzled: boolean; readonly shared?: boolean }
  /** Too many questions are out to this server. */
  | { readonly got: 'full' }
  /** A forger may be at work: what comes to this socket is not believed any more. */
  | { readonly got: 'forged' }
  | { readonly got: 'unreachable'; readonly why: string; readonly unsent?: Unsent }
  /** The time of the whole resolution has run out. */
  | { readonly got: 'late' }
  /** Nobody waits any more, for a newer question had the place; it is no fault of any server. */
  | { readonly got: 'gave way' };

export type Happening =
  | Heard
  | { readonly got: 'findings'; readonly findings: readonly Finding[] }
  | { readonly got: 'turn' };

/** A resolution or a part of it. */
export type Steps<Result> = Generator<Wish, Result, Happening>;

/** `const heard = heardFrom(yield { do: 'send', … })`. */
export function heardFrom(happening: Happening): Heard {
  const { got } = happening;
  assert(got !== 'findings' && got !== 'turn', 'what was sent is heard of');
  return happening;
}

/** `const findings = findingsOf(yield { do: 'resolve', all }, all)`. */
export function findingsOf(happening: Happening, all: readonly Asked[]): readonly Finding[] {
  assert(
    happening.got === 'findings' && happening.findings.length === all.length,
    'each question has a finding',
  );
  return happening.findings;
}

/** Whether it may ask then; or else it gave way meanwhile. */
export function* queue(crowd: Crowd): Steps<boolean> {
  const happening = yield { do: 'queue', crowd };
  return happening.got === 'turn';
}
