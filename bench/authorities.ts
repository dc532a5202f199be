/**
 * Cairn and its peers as servers of one zone: as many threads for queries as asked for, no logging of
 * queries, no rate limit. All of them load what has changed on SIGHUP.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OURS, type Recipe } from './servers.ts';
import type { Workload } from './zone.ts';

export const CAIRN = new URL('../bin/cairn', import.meta.url).pathname;

/** TCP connections at a time that peers are told to take; the bench asks from one address. */
const TCP_CLIENTS = 1_000;

/** Without a configuration where none is needed. */
const cairn = (zone: Workload, ours?: OurSettings): Recipe => ({
  name: OURS,
  program: 'sh',
  command(own, port, threads) {
    const config = join(own, 'cairn.yaml');
    if (ours || threads > 1) writeFileSync(config, JSON.stringify({ threads, ...ours }));
    const settings = existsSync(config) ? ['--config', config] : [];
    const where = ['--listen', `127.0.0.1:${port}`, '--zone', `${zone.apex}=${zone.file}`];
    return [CAIRN, 'serve', ...settings, '--no-recursion', ...where];
  },
});

/** What of cairn.yaml is not as by default. */
export type OurSettings = Readonly<Record<string, unknown>>;

/** Takes a hundred connections from the one address that the bench has. */
export const TCP_SETTINGS: OurSettings = { tcp: { clients: TCP_CLIENTS, clientsPerAddress: TCP_CLIENTS } };

export const nsdServer = (own: string, threads: number): string =>
  [
    ...['server:', `  server-count: ${threads}`, '  username: ""', '  chroot: ""', '  database: ""'],
    ...[`  pidfile: ${own}/pid`, `  xfrdfile: ${own}/xfrd`, `  zonelistfile: ${own}/list`],
    ...['  verbosity: 0', '  rrl-ratelimit: 0', `  tcp-count: ${TCP_CLIENTS}`, ''],
  ].join('\n');

const nsd = ({ apex, file }: Workload): Recipe => ({
  name: 'NSD',
  program: 'nsd',
  version: '-v',
  command(own, port, threads) {
    const config = join(own, 'nsd.conf');
    writeFileSync(
      config,
      `${nsdServer(own, threads)}  ip-address: 127.0.0.1@${port}\nremote-control:\n  control-enable: no\n` +
        `zone:\n  name: ${apex}\n  zonefile: ${file}\n`,
    );
    return ['nsd', '-d', '-c', config];
  },
});

const knot = ({ apex, file }: Workload): Recipe => ({
  name: 'Knot DNS',
  program: 'knotd',
  version: '--version',
  command(own, port, threads) {
    const config = join(own, 'knot.conf');
    writeFileSync(
      config,
      `server:\n  listen: 127.0.0.1@${port}\n  udp-workers: ${threads}\n  tcp-workers: ${threads}\n` +
        `  background-workers: 1\n  tcp-max-clients: ${TCP_CLIENTS}\n  rundir: ${own}\n` +
        `database:\n  storage: ${own}\nlog:\n  - target: stderr\n    any: error\n` +
        `zone:\n  - domain: ${apex}\n    file: ${file}\n    storage: ${own}\n` +
        '    zonefile-load: whole\n    journal-content: none\n',
    );
    return ['knotd', '-c', config];
  },
});

const bind = ({ apex, file }: Workload): Recipe => ({
  name: 'BIND',
  program: 'named',
  version: '-v',
  command(own, port, threads) {
    const config = join(own, 'named.conf');
    writeFileSync(
      config,
      `options { directory "${own}"; pid-file "${own}/pid"; listen-on port ${port} { 127.0.0.1; };\n` +
        '  listen-on-v6 { none; }; recursion no; allow-query { any; }; dnssec-validation no;\n' +
        `  minimal-responses yes; notify no; tcp-clients ${TCP_CLIENTS}; };\n` +
        `controls { };\nzone "${apex}" { type primary; file "${file}"; };\n`,
    );
    return ['named', '-f', '-n', String(threads), '-c', config];
  },
});

export const authorities = (zone: Workload, ours?: OurSettings): readonly Recipe[] => [
  cairn(zone, ours),
  nsd(zone),
  knot(zone),
  bind(zone),
];

/** Not a server: what the kernel alone costs. */
export const ECHO: Recipe = {
  name: 'C echo',
  program: 'cc',
  command(own, port) {
    const program = join(own, 'echo');
    const source = new URL('./echo.c', import.meta.url).pathname;
    execFileSync('cc', ['-O2', '-o', program, source]);
    return [program, String(port)];
  },
};
