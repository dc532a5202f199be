/**
 * The server of the playground: this very program as `cairn serve` runs it, in a process and a folder of its
 * own. It knows the root of the small internet, serves a zone with pools, probes their members, and has a
 * control socket. In: ports. Out: where it is; or what it said instead.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ROOT_SERVERS } from './playground-internet.ts';
import { type PlaygroundFiles, UPSTREAM_PORT } from './playground-tour.ts';

const CAIRN = fileURLToPath(new URL('../../bin/cairn', import.meta.url));
const ZONE = 'pools.example.zone';
const ZONE_SOURCE = new URL(`./playground/${ZONE}`, import.meta.url);

export interface PlaygroundServer extends PlaygroundFiles {
  readonly port: number;
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

export async function startServer(
  port: number,
  upstreamPort: number,
  onError: (text: string) => void,
): Promise<PlaygroundServer | string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-playground-'));
  writeFiles(folder, port, upstreamPort);
  const child = spawn(CAIRN, ['serve', '--config', join(folder, 'cairn.yaml')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = (): void => void child.kill();
  process.once('exit', kill);
  const ended = once(child, 'close').catch((error: Error) => tell(error.message));
  const close = async (): Promise<void> => {
    kill();
    await ended;
    process.off('exit', kill);
    rmSync(folder, { recursive: true });
  };
  const errors: string[] = [];
  let tell = (text: string): void => void errors.push(text);
  const started = Promise.withResolvers<string | undefined>();
  void ended.then(() => started.resolve(undefined));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const { level, msg, addresses, file, line = 0, column = 0 } = JSON.parse(text) as LogLine;
    if (msg === 'started') started.resolve(addresses?.[0]);
    if (level === 'error') tell(file === undefined ? msg : `${file}:${line}:${column}: ${msg}`);
  });
  const address = await started.promise;
  if (address === undefined) return close().then(() => errors);
  tell = onError;
  const files = { socket: join(folder, 'control.sock'), zone: join(folder, ZONE) };
  return { port: Number(address.split(':').at(-1)), ...files, ended, close };
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly addresses?: readonly string[];
  /** Where somebody made a mistake. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

function writeFiles(folder: string, port: number, upstreamPort: number): void {
  const hints = ROOT_SERVERS.map(({ name, address }) => `. 1d NS ${name}\n${name} 1d A ${address}\n`);
  const settings = {
    listen: [`127.0.0.1:${port}`],
    zones: '.',
    recursion: { rootHints: 'root.hints', neverQuery: [], upstreamPort },
    checks: { web: { http: {}, interval: '1s', fall: 2 } },
    probes: { allow: ['127.53.5.0/24'] },
    pools: { subnetsFrom: ['127.0.0.0/8'] },
    control: { socket: 'control.sock' },
    grace: '1s',
    threads: 0, // Quicker to start; nobody here asks much.
  };
  const zone = readFileSync(ZONE_SOURCE, 'utf8').replaceAll(String(UPSTREAM_PORT), String(upstreamPort));
  writeFileSync(join(folder, 'root.hints'), hints.join(''));
  writeFileSync(join(folder, 'cairn.yaml'), JSON.stringify(settings, undefined, 2));
  writeFileSync(join(folder, ZONE), zone);
}
