/**
 * Other servers over the same zones: NSD, Knot DNS and BIND, where they are installed, each a child process
 * on loopback with a folder and a port of its own, one thread, no query log, no rate limit, minimal
 * responses. Whatever happens to this process, its children end with it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rcode } from '../../src/wire/codes.ts';
import { PeerClient } from './client.ts';
import type { Question } from './question.ts';
import { isBelow } from './record.ts';
import { allRecords, apexes, type World, zoneText } from './world.ts';

export type PeerName = 'nsd' | 'knot' | 'bind';

interface Program {
  readonly name: PeerName;
  readonly path: string;
  readonly versionFlag: string;
  /** Whether it would load this world. */
  readonly accepts: (world: World) => boolean;
  /** The question as it can be asked without harm to it. */
  readonly spared?: (question: Question) => Question;
  readonly arguments: (configuration: string) => string[];
  readonly configuration: (folder: string, port: number, zones: readonly ServedZone[]) => string;
}

interface ServedZone {
  readonly apex: string;
  readonly file: string;
}

const START_MS_MAX = 10_000;
const START_TRIES = 3;

const nsd: Program = {
  name: 'nsd',
  path: '/usr/sbin/nsd',
  versionFlag: '-v',
  // It holds all zones in one tree, and forbids what one has below another's DNAME (RFC 6672 §2.4).
  accepts: (world) => !hasNamesBelowDname(world),
  arguments: (configuration) => ['-d', '-c', configuration],
  configuration: (folder, port, zones) => `
server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  verbosity: 0
  hide-version: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  minimal-responses: yes
  refuse-any: no
  ipv4-edns-size: 1232
  tcp-query-count: 0
remote-control:
  control-enable: no
${zones.map(({ apex, file }) => `zone:\n  name: "${apex}"\n  zonefile: "${file}"\n`).join('')}`,
};

const knot: Program = {
  name: 'knot',
  path: '/usr/sbin/knotd',
  versionFlag: '-V',
  accepts: () => true,
  // Version 3.2 never returns when the addresses of some of several SVCB targets do not fit a datagram.
  spared: (question) =>
    ['SVCB', 'HTTPS', 'ANY'].includes(question.type) ? { ...question, transport: 'tcp' } : question,
  arguments: (configuration) => ['-c', configuration],
  configuration: (folder, port, zones) => `
server:
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  rundir: "${folder}"
  udp-max-payload: 1232
  answer-rotation: off
database:
  storage: "${folder}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "${folder}"
    zonefile-load: whole
    journal-content: none
    semantic-checks: off
zone:
${zones.map(({ apex, file }) => `  - domain: "${apex}"\n    file: "${file}"\n`).join('')}`,
};

const bind: Program = {
  name: 'bind',
  path: '/usr/sbin/named',
  versionFlag: '-v',
  accepts: () => true,
  arguments: (configuration) => ['-f', '-n', '1', '-4', '-c', configuration],
  configuration: (folder, port, zones) => `
options {
  directory "${folder}"; pid-file "${folder}/pid"; session-keyfile "${folder}/session.key";
  managed-keys-directory "${folder}"; lock-file none;
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; allow-query { any; }; dnssec-validation no; empty-zones-enable no;
  minimal-responses yes; minimal-any yes; zero-no-soa-ttl no; notify no;
  max-udp-size 1232; edns-udp-size 1232;
  check-integrity no; check-names primary ignore; check-names secondary ignore; check-mx ignore;
  check-mx-cname ignore; check-srv-cname ignore; check-wildcard no; check-sibling no; check-spf ignore;
  check-dup-records ignore;
};
controls { };
logging { channel quiet { stderr; severity error; }; category default { quiet; }; };
${zones.map(({ apex, file }) => `zone "${apex}" { type primary; file "${file}"; };\n`).join('')}`,
};

const PROGRAMS = [nsd, knot, bind];

function hasNamesBelowDname(world: World): boolean {
  const records = allRecords(world);
  const dnames = records.filter(({ type }) => type === 'DNAME').map(({ owner }) => owner);
  return records.some(({ owner }) => dnames.some((dname) => owner !== dname && isBelow(owner, dname)));
}

export const accepts = (name: PeerName, world: World): boolean => programOf(name).accepts(world);

export const spared = (name: PeerName, question: Question): Question =>
  programOf(name).spared?.(question) ?? question;

export const installed = (): PeerName[] =>
  PROGRAMS.filter(({ path }) => existsSync(path)).map(({ name }) => name);

/** What the program calls itself, for reports. */
export function versionOf(name: PeerName): string {
  const { path, versionFlag } = programOf(name);
  const { stdout, stderr } = spawnSync(path, [versionFlag], { encoding: 'utf8' });
  return `${stdout}${stderr}`.split('\n')[0] ?? '';
}

function programOf(name: PeerName): Program {
  const found = PROGRAMS.find((program) => program.name === name);
  if (found === undefined) throw new Error(`no peer is called ${name}`);
  return found;
}

const running = new Set<Peer>();
process.once('exit', () => {
  for (const peer of running) peer.kill();
});

export class Peer {
  readonly name: PeerName;
  readonly client: PeerClient;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(name: PeerName, client: PeerClient, child: ChildProcess, folder: string) {
    this.name = name;
    this.client = client;
    this.#child = child;
    this.#folder = folder;
  }

  /**
   * Resolves when every zone is answered for. Somebody may take the port first; then another one is tried.
   */
  static async start(name: PeerName, world: World): Promise<Peer> {
    for (let tries = 1; ; tries++) {
      try {
        return await Peer.#startOnce(name, world);
      } catch (failure) {
        if (tries === START_TRIES) throw failure;
      }
    }
  }

  static async #startOnce(name: PeerName, world: World): Promise<Peer> {
    const program = programOf(name);
    const folder = mkdtempSync(join(tmpdir(), `oracle-${name}-`));
    const zones = apexes(world).map((apex, i) => ({ apex, file: `${i}.zone` }));
    mkdirSync(folder, { recursive: true });
    for (const { apex, file } of zones) writeFileSync(join(folder, file), zoneText(world, apex));
    const port = await freePort();
    const configuration = join(folder, 'configuration');
    writeFileSync(configuration, program.configuration(folder, port, zones));
    const log = join(folder, 'log');
    // A process group of its own: the children of the child end with it.
    const child = spawn(
      '/bin/sh',
      ['-c', `exec "$0" "$@" >"${log}" 2>&1`, program.path, ...program.arguments(configuration)],
      {
        stdio: 'ignore',
        detached: true,
      },
    );
    const peer = new Peer(name, await PeerClient.open(port), child, folder);
    running.add(peer);
    try {
      await peer.#untilReady(apexes(world));
    } catch (failure) {
      const said = existsSync(log) ? readFileSync(log, 'utf8') : '';
      await peer.stop();
      throw new Error(`${name} does not serve world ${world.seed}: ${String(failure)}\n${said}`);
    }
    return peer;
  }

  async #untilReady(zones: readonly string[]): Promise<void> {
    const until = performance.now() + START_MS_MAX;
    for (const apex of zones) {
      for (;;) {
        if (this.#child.exitCode !== null) throw new Error(`it ended with ${this.#child.exitCode}`);
        const response = await this.client.probe(apex);
        if (response?.rcode === Rcode.NOERROR && response.answer.length === 1) break;
        if (performance.now() > until)
          throw new Error(`${apex} is answered with ${response?.rcode ?? 'nothing'}`);
      }
    }
  }

  kill(): void {
    running.delete(this);
    try {
      process.kill(-(this.#child.pid ?? 0), 'SIGKILL');
    } catch {
      // It is gone already.
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    this.client.close();
    const gone = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.kill();
    await gone;
  }
}

/** A port that is free for both transports now. */
async function freePort(): Promise<number> {
  for (;;) {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const address = tcp.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const udp = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    udp.close();
    tcp.close();
    await once(tcp, 'close');
    if (isFree) return port;
  }
}
