/**
 * The simulated internet as the resolver sees it: an `Upstream` in virtual time. Writes down every packet.
 */
import type { Event, Exchange, Upstream } from '../../src/resolver/upstream.ts';
import { typeText } from '../../src/wire/codes.ts';
import type { VirtualWorld } from '../scenarios/virtual-world.ts';
import type { Chance } from '../support/chance.ts';
import type { Internet } from './internet.ts';
import { type Query, readQuery } from './packet.ts';
import { replyOf } from './server.ts';
import type { Arrival, Sky } from './weather.ts';

interface Ends {
  readonly world: VirtualWorld;
  readonly internet: Internet;
  readonly sky: Sky;
  readonly chance: Chance;
  /** Whether the system has a route to IPv6 addresses. */
  readonly hasIpv6: boolean;
}

export class Network implements Upstream {
  readonly log: string[] = [];
  /** Forgeries that had the right ID. */
  guesses = 0;
  sent = 0;
  readonly #ends: Ends;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  exchange(exchange: Exchange): void {
    const { to, query: bytes, via, ms } = exchange;
    const { world, hasIpv6 } = this.#ends;
    const { address } = to;
    const sentMs = world.nowMs();
    const query = readQuery(bytes);
    const edns = query.udpSize === undefined ? ' without EDNS' : '';
    const question = `${spelling(query)} ${typeText(query.type)}`;
    if (address.includes(':') && !hasIpv6) {
      this.note(`no route to ${address}`);
      exchange.end({ got: 'unreachable', why: 'network is unreachable', unsent: 'no route' });
      return;
    }
    this.sent++;
    this.note(`→ ${address} ${via} ${question}${edns}`);
    let isOver = false;
    const end = (event: Event): void => {
      isOver = true;
      giveUp();
      exchange.end(event);
    };
    const fallSilent = (): void => end({ got: 'silence' });
    let giveUp = world.after(ms, () => {
      this.note(`… ${address} ${via} ${question}: silent for ${Math.round(ms)} ms`);
      const moreMs = exchange.overdue();
      if (moreMs > 0) giveUp = world.after(moreMs, fallSilent);
      else fallSilent();
    });
    for (const arrival of this.#arrivals(address, query, via)) {
      world.after(arrival.afterMs, () => {
        // The socket is closed, and with it the port.
        if (isOver) return;
        const isTaken = exchange.accept(arrival.bytes);
        this.#noteArrival(address, arrival, isTaken);
        if (isTaken) end({ got: 'reply', bytes: arrival.bytes, ms: world.nowMs() - sentMs });
      });
    }
  }

  note(line: string): void {
    this.log.push(`${this.#ends.world.nowMs().toFixed(0).padStart(9)}  ${line}`);
  }

  #arrivals(address: string, query: Query, via: 'udp' | 'tcp'): Arrival[] {
    const { internet, sky, chance } = this.#ends;
    const server = internet.at(address);
    const isThere = server?.isAlive === true;
    const reply = isThere ? replyOf(server, query, via, chance) : undefined;
    return sky.carry(query, reply, via, server?.manners.roundTripMs ?? 10);
  }

  #noteArrival(address: string, { bytes, forged }: Arrival, isTaken: boolean): void {
    if (isTaken && forged === 'guessed') this.guesses++;
    const fate = isTaken ? '' : ' (turned down)';
    this.note(`← ${address} ${summary(bytes)}${forged === undefined ? '' : ', forged'}${fate}`);
  }
}

const spelling = ({ question }: Query): string => {
  let text = '';
  for (let at = 0; question[at] !== 0; at += (question[at] as number) + 1) {
    const label = question.subarray(at + 1, at + 1 + (question[at] as number));
    text += `${Buffer.from(label).toString('latin1')}.`;
  }
  return text === '' ? '.' : text;
};

const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN'];

function summary(bytes: Uint8Array): string {
  if (bytes.length < 12) return `${bytes.length} bytes`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = view.getUint16(2);
  const words = [(flags & 0x400) !== 0 ? 'AA' : '', (flags & 0x200) !== 0 ? 'TC' : ''].filter(Boolean);
  const counts = [6, 8, 10].map((at) => view.getUint16(at)).join('/');
  return [RCODES[flags & 0xf] ?? `RCODE${flags & 0xf}`, ...words, counts, `${bytes.length} bytes`].join(' ');
}
