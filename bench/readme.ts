/**
 * The tables of the README, in Markdown, made from what a run left. In parentheses ours to theirs.
 */
import type { RateRow } from './dnsperf.ts';
import { KEPT } from './load.ts';
import { BY_COUNTRY, PLAIN_FOR_CLIENT } from './pools.ts';
import { type Parts, type Results, rowOf } from './results.ts';
import { OURS } from './servers.ts';
import { ratio } from './statistics.ts';
import { type Answered, CONDITIONS } from './weather.ts';

interface Line<Row> {
  readonly what: string;
  readonly rows: readonly Row[] | undefined;
  readonly figure: (row: Row) => number;
  readonly text: (figure: number) => string;
  /** Of a row that has no figure to compare. */
  readonly isVoid?: (row: Row) => boolean;
}

/** What a line says of one server. */
type Said = (server: string) => string;
interface Entry {
  readonly what: string;
  readonly servers: readonly string[];
  readonly said: Said;
}

function entry<Row extends { readonly server: string }>(line: Line<Row>): Entry {
  const { what, rows = [], figure, text, isVoid = () => false } = line;
  const ours = rowOf(rows, OURS);
  const said: Said = (server) => {
    const row = rowOf(rows, server);
    if (row === undefined) return '';
    if (isVoid(row)) return 'lost some';
    const own = text(figure(row));
    const isCompared = ours && row !== ours && !isVoid(ours) && figure(row) > 0;
    return isCompared ? `${own} (${ratio(figure(ours), figure(row))})` : own;
  };
  return { what, servers: rows.map(({ server }) => server), said };
}

/** What is not better for being more. */
function told<Row extends { readonly server: string }>(
  what: string,
  rows: readonly Row[] = [],
  text: (row: Row) => string,
): Entry {
  const said: Said = (server) => {
    const row = rowOf(rows, server);
    return row === undefined ? '' : text(row);
  };
  return { what, servers: rows.map(({ server }) => server), said };
}

const share = ({ answered, asked }: Answered): string => `${((100 * answered) / asked).toFixed(1)} %`;

const micros = (figure: number): string => `${figure.toFixed(figure < 20 ? 2 : 1)} µs`;
const count = (figure: number): string => (1_000 * Math.round(figure / 1_000)).toLocaleString('en');
const seconds = (figure: number): string => `${(figure / 1_000).toFixed(2)} s`;
const megabytes = (figure: number): string => `${Math.round(figure)} MB`;
const millis = (figure: number): string => `${(figure / 1_000).toFixed(2)} ms`;

const hasLost = ({ lost, failed }: RateRow): boolean => lost + failed > 0;
const cpu = (what: string, rows: readonly RateRow[] | undefined): Entry =>
  entry({ what: `${what}: CPU per query`, rows, figure: ({ cpuMicros }) => cpuMicros, text: micros });
const rate = (what: string, rows: readonly RateRow[] | undefined): Entry =>
  entry({ what, rows, figure: ({ perSecond }) => perSecond, text: count, isVoid: hasLost });

const ownZones = ({ udp, tcp, latency, load: all, reload }: Parts): Entry[] => {
  const kept = rowOf(all, KEPT);
  const load = all?.filter((row) => row !== kept);
  return [
    cpu('UDP, 100,000 names', udp),
    rate('UDP: answers per second, one core', udp),
    cpu('TCP, 100 connections', tcp),
    rate('TCP: answers per second, one core', tcp),
    entry({
      what: 'p99 at half of its maximum',
      rows: latency,
      figure: ({ atHalf }) => atHalf.p99,
      text: micros,
    }),
    entry({
      what: 'p99 at the same load',
      rows: latency,
      figure: ({ atCommon }) => atCommon.p99,
      text: micros,
    }),
    entry({
      what: '1,000,000 records of text: start to first answer',
      rows: load,
      figure: ({ startMs }) => startMs,
      text: seconds,
    }),
    entry({
      what: 'from a kept image',
      rows: kept && [{ ...kept, server: OURS }],
      figure: ({ startMs }) => startMs,
      text: seconds,
    }),
    entry({ what: 'memory with them', rows: load, figure: (row) => row.residentMb, text: megabytes }),
    entry({
      what: 'replaced under 50,000 queries/s: p99',
      rows: reload,
      figure: ({ p99 }) => p99,
      text: millis,
    }),
    entry({ what: 'queries lost meanwhile', rows: reload, figure: ({ lost }) => lost, text: String }),
  ];
};

const everyoneElses = ({ cached, miss, flood }: Parts): Entry[] => [
  cpu('from the cache', cached),
  rate('from the cache: answers per second, one core', cached),
  cpu('never asked before', miss),
  rate('never asked before: answers per second, one core', miss),
  entry({
    what: 'memory after a flood of random subdomains',
    rows: flood,
    figure: ({ residentMb }) => residentMb.at(-1) ?? 0,
    text: megabytes,
  }),
];

const badDays = ({ troubles, weather, siege }: Parts): Entry[] => [
  told('troubles that stay within our pass lines', troubles, ({ ends }) => {
    const passed = ends.filter(({ isPassed }) => isPassed).length;
    return `${passed} of ${ends.length}`;
  }),
  ...CONDITIONS.map(({ what }, i) =>
    told(`${what}: answered in 5 s, p95`, weather, ({ under }) => {
      const answered = under[i] as Answered;
      return `${share(answered)}, ${answered.answered >= 0.95 * answered.asked ? `${answered.p95} ms` : '–'}`;
    }),
  ),
  told('new names while a dead zone is flooded: answered', siege, ({ besieged }) => share(besieged)),
];

const chosen = ({ pools, health }: Parts): Entry[] => [
  cpu('1,000 names of four members, by weight', pools?.weighted),
  rate('by weight: answers per second, one core', pools?.weighted),
  ...[PLAIN_FOR_CLIENT, BY_COUNTRY].map((kind) =>
    told(`${kind}: CPU per query`, ours(rowOf(pools?.placed, kind)), ({ cpuMicros }) => micros(cpuMicros)),
  ),
  told(
    '10,000 members checked every 10 s: of a core',
    ours(health),
    (row) => `${row.cpuPercent.toFixed(1)} %`,
  ),
  told('memory for that', ours(health), ({ addedMb }) => megabytes(addedMb)),
  told('a member killed, checked every second: in no answer after at most', ours(health), ({ goneMs }) =>
    seconds(Math.max(...goneMs)),
  ),
];

const ours = <Row>(row: Row | undefined): (Row & { server: string })[] =>
  row === undefined ? [] : [{ ...row, server: OURS }];

/** Servers that were measured as columns, ours first; nothing where nothing was. */
function markdownTable(entries: readonly Entry[]): string[] {
  const measured = entries.filter(({ servers }) => servers.length > 0);
  const servers = [...new Set(measured.flatMap((one) => one.servers))];
  if (measured.length === 0) return [];
  return [
    `| | ${servers.join(' | ')} |`,
    `|---|${servers.map(() => '--:').join('|')}|`,
    ...measured.map(({ what, said }) => `| ${what} | ${servers.map(said).join(' | ')} |`),
    '',
  ];
}

function answerAlone({ micro }: Parts): string[] {
  if (micro === undefined) return [];
  const { nsPerQuery, bytesPerQuery } = micro;
  const allocated = bytesPerQuery === 0 ? 'nothing' : `${bytesPerQuery} bytes`;
  return [`Deciding and encoding an answer takes ${micros(nsPerQuery / 1_000)}, and allocates ${allocated}.`];
}

export function readmeOf({ machine, versions, parts }: Results): string {
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const { date, commit, cores, cpu, kernel, node } = machine;
  return [
    `\`npm run bench\` on ${date.slice(0, 10)} at ${commit}, beside ${peers.join(', ')}, in the same run;`,
    `${cores} cores (${cpu}), Linux ${kernel.split('-')[0]}, Node ${node.slice(1)}.`,
    '',
    ...markdownTable(ownZones(parts)),
    ...markdownTable(everyoneElses(parts)),
    ...markdownTable(badDays(parts)),
    ...markdownTable(chosen(parts)),
    ...answerAlone(parts),
  ]
    .join('\n')
    .trimEnd();
}
