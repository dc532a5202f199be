/**
 * Cairn and its peers as resolvers over the farm: one thread for queries, no validation, no minimisation, no
 * logging of queries, and the same memory for the cache. They know no root but the farm's.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAIRN } from './authorities.ts';
import { OURS, type Recipe } from './servers.ts';

export interface Terms {
  /** A file of root hints. */
  readonly hints: string;
  readonly cacheMb: number;
}

/** Where a Cairn at this port tells its counters: nobody else is at that address. */
export const metricsAt = (port: number): string => `127.0.0.2:${port}`;

const cairn = ({ hints, cacheMb }: Terms): Recipe => ({
  name: OURS,
  program: 'sh',
  command(own, port, threads) {
    const config = join(own, 'cairn.yaml');
    const recursion = { rootHints: hints, neverQuery: [], cacheBytes: `${cacheMb}MB` };
    const http = { listen: metricsAt(port) };
    writeFileSync(config, JSON.stringify({ threads, recursion, http }));
    return [CAIRN, 'serve', '--config', config, '--listen', `127.0.0.1:${port}`];
  },
});

/** A third for messages, two for the RRsets they point to, as its manual advises. */
const unbound = ({ hints, cacheMb }: Terms): Recipe => ({
  name: 'Unbound',
  program: 'unbound',
  version: '-V',
  command(own, port, threads) {
    const config = join(own, 'unbound.conf');
    const server = [
      ...['interface: 127.0.0.1', `port: ${port}`, `num-threads: ${threads}`, 'do-daemonize: no'],
      ...['username: ""', 'chroot: ""', `directory: "${own}"`, `pidfile: "${own}/pid"`],
      ...[`root-hints: "${hints}"`, 'do-not-query-localhost: no', 'module-config: "iterator"'],
      ...[
        `msg-cache-size: ${Math.round(cacheMb / 3)}m`,
        `rrset-cache-size: ${Math.round((2 * cacheMb) / 3)}m`,
      ],
      ...['outgoing-range: 8192', 'num-queries-per-thread: 4096', 'do-ip6: no', 'verbosity: 0'],
      ...['qname-minimisation: no', 'access-control: 127.0.0.0/8 allow', 'so-rcvbuf: 4m'],
    ];
    const head = `server:\n  ${server.join('\n  ')}\n`;
    writeFileSync(config, `${head}remote-control:\n  control-enable: no\n`);
    return ['unbound', '-d', '-c', config];
  },
});

const bind = ({ hints, cacheMb }: Terms): Recipe => ({
  name: 'BIND',
  program: 'named',
  version: '-v',
  command(own, port, threads) {
    const config = join(own, 'named.conf');
    writeFileSync(
      config,
      `options { directory "${own}"; pid-file "${own}/pid"; listen-on port ${port} { 127.0.0.1; };\n` +
        '  listen-on-v6 { none; }; recursion yes; allow-recursion { any; }; allow-query { any; };\n' +
        `  dnssec-validation no; max-cache-size ${cacheMb}m; recursive-clients 10000;\n` +
        `  qname-minimization off; };\ncontrols { };\nzone "." { type hint; file "${hints}"; };\n`,
    );
    return ['named', '-4', '-f', '-n', String(threads), '-c', config];
  },
});

const knotResolver = ({ hints, cacheMb }: Terms): Recipe => ({
  name: 'Knot Resolver',
  program: 'kresd',
  version: '--version',
  command(own, port) {
    const config = join(own, 'kresd.conf');
    const unloaded = ['ta_update', 'ta_signal_query', 'priming', 'detect_time_skew', 'detect_time_jump'];
    writeFileSync(
      config,
      `modules.load('hints')\nnet.ipv6=false\nnet.listen('127.0.0.1',${port},{kind='dns'})\n` +
        `cache.size=${cacheMb}*MB\nhints.root_file('${hints}')\ntrust_anchors.remove('.')\n` +
        `${unloaded.map((module) => `modules.unload('${module}')`).join('\n')}\noption('NO_MINIMIZE',true)\n`,
    );
    return ['kresd', '-n', '-c', config, own];
  },
});

/** Its cache is bounded by entries: two of 200 bytes for an answer, at most. */
const powerDns = ({ hints, cacheMb }: Terms): Recipe => ({
  name: 'PowerDNS Recursor',
  program: 'pdns_recursor',
  version: '--version',
  command(own, port, threads) {
    const settings = {
      ...{ 'local-address': '127.0.0.1', 'local-port': port, 'hint-file': hints, threads, daemon: 'no' },
      ...{ 'dont-query': '', dnssec: 'off', 'socket-dir': own, 'max-mthreads': 4096 },
      ...{ 'qname-minimization': 'no', 'security-poll-suffix': '' },
      ...{ 'max-cache-entries': cacheMb * 2_500, 'max-packetcache-entries': cacheMb * 2_500 },
    };
    writeFileSync(
      join(own, 'recursor.conf'),
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    return ['pdns_recursor', `--config-dir=${own}`];
  },
});

export const recursors = (terms: Terms): readonly Recipe[] => [
  cairn(terms),
  unbound(terms),
  bind(terms),
  knotResolver(terms),
  powerDns(terms),
];
