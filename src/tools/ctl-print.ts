/** What `cairn ctl` tells people: plain values in, text out; whole lines. */
import type { Status } from '../control/status.ts';
import type { ToldServer } from '../resolver/told-servers.ts';
import type { ToldTop } from '../server/tally.ts';
import { bare, milliseconds, plural } from './trail-print.ts';

export function statusText(status: Status): string {
  const { version, pid, addresses, resolver, zones, pools, reloadRefused } = status;
  const rows: [string, string][] = [
    ['version', version],
    ['process', `${pid}, up ${uptime(status.upSeconds)}`],
    ['answers at', addresses.join(', ')],
    ['threads', `${status.frontThreads} for UDP; ${plural(status.tcpConnections, 'TCP connection')}`],
    ['resolver', resolver === undefined ? 'off' : resolverText(resolver)],
    ['reload', reloadRefused ? 'the last one was refused: the log says why' : 'nothing was refused'],
    ...(pools.pools > 0 ? [['pools', poolsText(pools)] satisfies [string, string]] : []),
    ['zones', String(zones.length)],
  ];
  return [
    ...rows.map(([title, text]) => `  ${title.padEnd(12)}${text}\n`),
    ...columns(
      zones.map(({ name, serial, records, file = '' }) => [
        `    ${bare(name)}`,
        `serial ${serial}`,
        plural(records, 'record'),
        file,
      ]),
    ),
  ].join('');
}

const poolsText = ({ pools, members, down, allDown, changes }: Status['pools']): string =>
  `${pools} with ${plural(members, 'member')}, ${down === 0 ? 'none is down' : `${down} down`}` +
  `${allDown > 0 ? `; nobody is up in ${allDown}` : ''}; ${plural(changes, 'change')} so far`;

function resolverText(resolver: NonNullable<Status['resolver']>): string {
  const { cacheEntries, cacheBytes, answerEntries, answerBytes, cacheBytesMax, resolutions } = resolver;
  const used = megabytes(cacheBytes + answerBytes);
  return (
    `${plural(resolutions, 'walk')} under way; ${plural(cacheEntries, 'RRset')} and ` +
    `${plural(answerEntries, 'answer')} in the cache, ${used} of ${megabytes(cacheBytesMax)} MB`
  );
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function uptime(seconds: number): string {
  const [days, rest] = [Math.floor(seconds / 86_400), seconds % 86_400];
  const clock = [rest / 3_600, (rest % 3_600) / 60, rest % 60].map((n) =>
    String(Math.floor(n)).padStart(2, '0'),
  );
  return `${days > 0 ? `${plural(days, 'day')} ` : ''}${clock.join(':')}`;
}

export function serversText(servers: readonly ToldServer[]): string {
  if (servers.length === 0) return 'none is known\n';
  const rows = servers.map((server) => [server.address, paceText(server), habitsText(server)]);
  return columns([['address', 'answers in', 'and'], ...rows]).join('');
}

const paceText = ({ rttMs, deviationMs }: ToldServer): string =>
  rttMs === undefined ? 'never yet' : `${milliseconds(rttMs)} ± ${milliseconds(deviationMs)}`;

const habitsText = ({ silences, withoutEdns, withoutRandomCase, lameFor }: ToldServer): string =>
  [
    silences > 0 ? `silent ${plural(silences, 'time')}` : '',
    withoutEdns ? 'without EDNS' : '',
    withoutRandomCase ? 'without random case' : '',
    lameFor.length > 0 ? `lame for ${lameFor.map(bare).join(', ')}` : '',
  ]
    .filter((text) => text !== '')
    .join('; ');

export function topText(top: ToldTop['top'], { perSecond }: Pick<ToldTop, 'perSecond'>): string {
  if (top.length === 0) return 'nobody has asked\n';
  const rows = top.map(({ what, perSecond: pace, share }) => [
    `${(100 * share).toFixed(1)} %`.padStart(7),
    paceOf(pace),
    bare(what),
  ]);
  const error = Math.max(...top.map((each) => each.error));
  const most = error === 0 ? '' : `; a share may be ${(100 * error).toFixed(1)} % too large`;
  return [
    ...columns([['  share', 'a second', ''], ...rows]),
    `of ${paceOf(perSecond)} a second of late: what is a minute old counts half${most}\n`,
  ].join('');
}

const paceOf = (perSecond: number): string => perSecond.toFixed(perSecond < 10 ? 2 : 0);

/** Each row a line, cells of one column below each other. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map(
    (row) =>
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
  );
}
