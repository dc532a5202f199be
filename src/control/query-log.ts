/**
 * The query log: of the queries that are picked, one line of JSON each or two dnstap messages, to the log
 * itself, a file or a Unix socket. Whoever reads it too slowly loses queries from it; nobody waits.
 */
import { Counter, type Counters } from '../base/counters.ts';
import { ipText } from '../base/ip.ts';
import { QUERY_LOG_CLOSE_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { PATHS, type QueryTap, type Sighting } from '../server/observer.ts';
import { classText, rcodeText, typeText } from '../wire/codes.ts';
import { Flag, HEADER_BYTES } from '../wire/header.ts';
import { nameText } from '../wire/name.ts';
import { dnstapFrames, type Speaker } from './dnstap.ts';
import { jsonLine, type Logger, QUERY_MESSAGE, type QueryLogSettings } from './log.ts';
import { Outlet } from './outlet.ts';
import { openFile } from './outlet-file.ts';
import { openSocket } from './outlet-socket.ts';

export interface QueryLog extends QueryTap {
  /** A file that was moved away is opened anew. */
  reopen(): void;
  close(): Promise<void>;
}

export interface QueryLogGround {
  readonly world: World;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly speaker: Speaker;
}

/** Nothing is opened before `after`: the query log before may be writing to the same file still. */
export function openQueryLog(
  settings: QueryLogSettings,
  ground: QueryLogGround,
  after: Promise<void> = Promise.resolve(),
): QueryLog {
  const { counters, logger, speaker } = ground;
  const { every, to } = settings;
  const outlet = to && outletTo(to, settings.format === 'dnstap', ground, after);
  const put = (seen: Sighting): void => {
    if (outlet === undefined) logger.info(fieldsOf(seen), QUERY_MESSAGE);
    else if (settings.format === 'dnstap') outlet.put(dnstapFrames(seen, speaker));
    else outlet.put(lineOf(seen));
  };
  return {
    every,
    take(seen) {
      counters.bump(Counter.queryLogTaken);
      put(seen);
    },
    reopen: () => outlet?.reopen(),
    close: async () => outlet?.close(QUERY_LOG_CLOSE_MS),
  };
}

type Target = NonNullable<QueryLogSettings['to']>;

function outletTo(
  { kind, path }: Target,
  isDnstap: boolean,
  ground: QueryLogGround,
  after: Promise<void>,
): Outlet {
  const { world, counters, logger } = ground;
  const open = kind === 'file' ? openFile : openSocket;
  return new Outlet({
    open: () => after.then(() => open(path, isDnstap, world)),
    world,
    counters,
    onChange(reason) {
      if (reason === undefined) logger.info({ to: path }, 'the query log is written again');
      else logger.warn({ to: path, reason }, 'the query log cannot be written');
    },
  });
}

function lineOf(seen: Sighting): Uint8Array {
  const line = JSON.stringify({ time: new Date(seen.wallMs).toISOString(), ...fieldsOf(seen) });
  return Buffer.from(`${jsonLine(line)}\n`);
}

/** Without name, type and class where no question could be read. */
function fieldsOf(seen: Sighting): Record<string, string | number> {
  const { query, client, rcode, path, ms, out, length } = seen;
  const question =
    query.questionEnd === HEADER_BYTES
      ? {}
      : { name: nameText(query.name.bytes), type: typeText(query.type), class: classText(query.class) };
  return {
    client: `${ipText(client.address)}#${client.port}`,
    over: client.transport,
    ...question,
    rcode: rcodeText(rcode),
    flags: flagsText(((out[2] as number) << 8) | (out[3] as number), query.dnssecOk),
    bytes: length,
    ms: Math.round(1000 * ms) / 1000,
    path: PATHS[path] ?? '',
  };
}

const FLAGS = [
  ['aa', Flag.AA],
  ['tc', Flag.TC],
  ['rd', Flag.RD],
  ['ra', Flag.RA],
  ['ad', Flag.AD],
  ['cd', Flag.CD],
] as const;

/** Of the response; DO is said in its OPT. */
function flagsText(flags: number, dnssecOk: boolean): string {
  const set: string[] = FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
  return [...set, ...(dnssecOk ? ['do'] : [])].join(' ');
}
