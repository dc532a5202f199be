/**
 * What each counter is called outside: `udpReceived` is `cairn_udp_received_total`, and its help is its own
 * meaning. Counters that are parts of one thing are one metric with a label.
 */
import { Counter, type CounterName, counterMeaning } from '../base/counters.ts';

interface Family {
  readonly help: string;
  readonly label: string;
  readonly members: Readonly<Partial<Record<CounterName, string>>>;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  cairn_responses_total: {
    help: 'Responses by RCODE, over any transport',
    label: 'rcode',
    members: {
      answered: 'NOERROR',
      absent: 'NXDOMAIN',
      refused: 'REFUSED',
      failed: 'SERVFAIL',
      malformed: 'FORMERR',
      unsupported: 'NOTIMP',
      badVersion: 'BADVERS',
      otherCode: 'other',
    },
  },
  cairn_tcp_closed_total: {
    help: 'TCP connections that we closed, by reason',
    label: 'reason',
    members: {
      tcpEvicted: 'evicted',
      tcpClosedSilent: 'silent',
      tcpClosedIdle: 'idle',
      tcpClosedStalled: 'stalled',
      tcpClosedUnanswered: 'unanswered',
      tcpClosedMalformed: 'malformed',
    },
  },
  cairn_upstream_queries_total: {
    help: 'Queries sent to other servers, by transport',
    label: 'transport',
    members: { upstreamUdpSent: 'udp', upstreamTcpSent: 'tcp' },
  },
  cairn_probes_total: {
    help: 'Health probes, by result',
    label: 'result',
    members: { probesUp: 'up', probesDown: 'down' },
  },
  cairn_target_changes_total: {
    help: 'Changes of checked addresses, by what they came to',
    label: 'state',
    members: { targetsUp: 'up', targetsDown: 'down' },
  },
};

export interface CounterMetric {
  readonly name: string;
  readonly help: string;
  readonly label: string | undefined;
  /** The counters in it, each with the value of its label. */
  readonly members: readonly (readonly [CounterName, string])[];
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Every counter, each once. */
export function counterMetrics(): CounterMetric[] {
  const families = Object.entries(FAMILIES).map(
    ([name, { help, label, members }]): CounterMetric => ({
      name,
      help,
      label,
      members: Object.entries(members) as [CounterName, string][],
    }),
  );
  const inFamilies = new Set(families.flatMap(({ members }) => members.map(([counter]) => counter)));
  const single = (Object.keys(Counter) as CounterName[])
    .filter((counter) => !inFamilies.has(counter))
    .map(
      (counter): CounterMetric => ({
        name: `cairn_${snake(counter)}_total`,
        help: counterMeaning(counter),
        label: undefined,
        members: [[counter, '']],
      }),
    );
  return [...single, ...families];
}
