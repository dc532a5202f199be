/**
 * What happened, as counts: one slot per name in shared memory, so that bumping is an increment and reading
 * needs nobody's help. A bank belongs to one thread; whoever reads several adds them up. To count something
 * new, add a line to the list: its text is what an operator reads beside the number.
 */

const meanings = {
  queries: 'Messages received that have a header, over any transport',
  silenced:
    'Messages that got no response: too short, responses, from who would answer an answer, or by a rule',
  answered: 'Queries answered NOERROR',
  absent: 'Queries answered NXDOMAIN',
  malformed: 'Queries answered FORMERR',
  unsupported: 'Queries answered NOTIMP',
  refused: 'Queries answered REFUSED',
  prohibited: 'Those of them that allowQuery does not let in',
  authoritative: 'Queries answered from our own zones',
  pooled: 'Those of them, and those of recursion that led there, that were chosen from a pool',
  poolsDown: 'Those of them where nobody of the pool was up',
  poolsMissing: 'Those of them answered SERVFAIL because a pool uses one that is not there',
  hostsFound: 'Times that addresses of a host of a pool were found out, A and AAAA each',
  hostsFailed: 'Times that they were not',
  recursive: 'Queries answered by recursion or from its cache',
  recursionCached: 'Those of them that were answered from the cache at once',
  failed: 'Queries answered SERVFAIL',
  badVersion: 'Queries answered BADVERS',
  otherCode: 'Queries answered with any other RCODE',
  truncated: 'Responses with TC set',
  limited: 'Responses held back by the rate limit: the three below',
  limitedDropped: 'Those of them that were not sent',
  limitedTruncated: 'Those of them that were sent empty and with TC set, so that the client asks over TCP',
  limitedBadCookie: 'Those of them that became BADCOOKIE, so that the client asks again with its new cookie',
  cookies: 'Queries with a cookie',
  cookiesValid: 'Those of them whose server cookie was valid, which the rate limit lets pass',
  bugs: 'Queries that met a mistake of our own; the log has the stack',
  udpReceived: 'Datagrams received',
  udpSent: 'Responses handed to the kernel over UDP',
  udpDropped: 'Datagrams not answered: from a port that nobody asks from, or received after the end',
  udpSendQueueFull: 'Responses dropped because the send queue of a UDP socket was full',
  udpSendFailed: 'Responses the kernel would not send over UDP',
  udpOversized: 'Datagrams not read because they were longer than any query',
  frontsDied: 'Front threads that ended unexpectedly and were started again',
  resolversDied: 'Resolver threads that ended unexpectedly and were started again',
  handOversDropped:
    'Queries that needed recursion and were not handed over: too many waited, or nobody was there',
  tcpAccepted: 'TCP connections accepted',
  tcpRefused: 'TCP connections refused: a limit was reached, or the system had no room',
  tcpEvicted: 'Idle TCP connections closed to make room for a new one',
  tcpMessages: 'Messages received over TCP',
  tcpResponses: 'Responses written to TCP connections',
  tcpClosedSilent: 'TCP connections closed because no message was complete in time',
  tcpClosedIdle: 'TCP connections closed after a time without questions',
  tcpClosedStalled: 'TCP connections closed because the peer took nothing of what waited for it',
  tcpClosedUnanswered: 'TCP connections closed because their answers never came',
  tcpClosedMalformed: 'TCP connections closed because a message was shorter than a header',
  tcpErrors: 'TCP connections that ended with an error of the system',
  resolutionsStarted: 'Names looked for at other servers',
  resolutionsJoined: 'Questions that waited for the same question of somebody else',
  resolutionsTurnedAway: 'Questions not resolved because too many were in flight, or they went in a circle',
  resolutionsZoneFull: 'Questions not asked because too many waited for the servers of one zone',
  resolutionsGaveWay:
    'Names no longer looked for because nothing was heard and new questions needed the room',
  resolutionsLate: 'Clients told SERVFAIL because their time was up',
  resolutionsRefreshing: 'Names asked for anew while what is known of them was still answered',
  stale: 'Queries answered with what had expired, because no server answered in time',
  waitersDropped:
    'Queries that needed recursion and got no response: too many of that client, or of all, waited',
  upstreamUdpSent: 'Queries sent to other servers over UDP',
  upstreamTcpSent: 'Queries sent to other servers over TCP',
  upstreamTcpConnects: 'TCP connections opened to other servers',
  upstreamReplies: 'Acceptable responses from other servers',
  upstreamMismatched: 'Responses from other servers that answered no question of ours',
  upstreamForged: 'Queries asked again over TCP because a response with another ID found their port',
  upstreamTimeouts: 'Queries to other servers that nothing acceptable answered in time',
  upstreamUnreachable: 'Queries to other servers that the system could not deliver',
  upstreamSocketsFull: 'Queries not sent because too many sockets were open',
  probesUp: 'Health probes whose result was good',
  probesDown: 'Health probes whose result was bad',
  probesTimedOut: 'Those of them that had no result in time',
  targetsUp: 'Changes of a checked address to up',
  targetsDown: 'Changes of a checked address to down',
  probersDied: 'Prober threads that ended unexpectedly and were started again',
  queryLogTaken: 'Queries picked for the query log',
  queryLogDropped: 'Of those, queries dropped because they could not be written in time',
} as const;

export type CounterName = keyof typeof meanings;

const names = Object.keys(meanings) as CounterName[];

/** The slot of each name. */
export const Counter = Object.freeze(Object.fromEntries(names.map((name, slot) => [name, slot]))) as Readonly<
  Record<CounterName, number>
>;

export const counterMeaning = (name: CounterName): string => meanings[name];

export class Counters {
  readonly memory: SharedArrayBuffer;
  /** Doubles count exactly to 2^53, which no server reaches; 32 bits last half a day. */
  readonly #slots: Float64Array;
  readonly #others: Counters[] = [];

  /** A new bank; or, of another thread's memory, a view of its bank. */
  constructor(memory = new SharedArrayBuffer(names.length * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#slots = new Float64Array(memory);
  }

  bump(counter: number): void {
    this.#slots[counter]! += 1;
  }

  add(counter: number, count: number): void {
    this.#slots[counter]! += count;
  }

  /** From now on, what is read here has the other thread's bank in it. */
  include(other: Counters): void {
    this.#others.push(other);
  }

  get(counter: number): number {
    let sum = this.#slots[counter] as number;
    for (const other of this.#others) sum += other.get(counter);
    return sum;
  }

  record(): Record<CounterName, number> {
    return Object.fromEntries(names.map((name, slot) => [name, this.get(slot)])) as Record<
      CounterName,
      number
    >;
  }
}
