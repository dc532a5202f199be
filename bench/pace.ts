/**
 * The client that keeps to a schedule, `pace.c`: built once, given its questions as messages, run on the
 * client's core. Latencies are in microseconds, from the moment a query was due.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { typeFromText } from '../src/wire/codes.ts';
import { writeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';
import { isInstalled } from './machine.ts';
import { CLIENT_CORE, outputOf, type Server } from './servers.ts';

export interface Pace {
  readonly sent: number;
  readonly lost: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Of the second that was worst by it. */
  readonly worstSecondP99: number;
  /** How late the client itself was: 1 of 100 queries left later than this. */
  readonly lateP99: number;
}

export type Pacer = (server: Pick<Server, 'port'>, perSecond: number, seconds: number) => Promise<Pace>;

/** A pacer over a list of questions as dnsperf reads them; undefined where there is no C compiler. */
export async function pacerOver(folder: string, queries: string): Promise<Pacer | undefined> {
  if (!isInstalled('cc')) return undefined;
  const program = join(folder, 'pace');
  const messages = `${queries}.messages`;
  await outputOf('cc', ['-O2', '-o', program, new URL('./pace.c', import.meta.url).pathname, '-lm']);
  writeFileSync(messages, messagesOf(readFileSync(queries, 'utf8')));
  return async ({ port }, perSecond, seconds) => {
    const words = ['127.0.0.1', port, messages, Math.round(perSecond), seconds].map(String);
    return JSON.parse(await outputOf('taskset', ['-c', CLIENT_CORE, program, ...words]));
  };
}

/**
 * Questions, one "NAME TYPE" a line, as queries: each behind its length in two bytes, with what is to stand
 * in its additional section.
 */
export function messagesOf(questions: string, additionalOf?: (i: number) => Uint8Array): Buffer {
  const queries = queriesOf(questions).map((query, i) => {
    const additional = additionalOf?.(i);
    const message = additional ? Buffer.concat([query, additional]) : query;
    if (additional) message[11] = 1; // ARCOUNT
    return [Buffer.of(message.length >> 8, message.length), message];
  });
  return Buffer.concat(queries.flat());
}

export function queriesOf(questions: string): Uint8Array[] {
  return questions
    .trimEnd()
    .split('\n')
    .map((line, id) => {
      const [owner = '', type = ''] = line.split(' ');
      return writeQuery({
        id: id & 0xffff,
        spelled: nameFromText(owner) as Uint8Array,
        type: typeFromText(type) ?? 0,
        class: 1,
        recursionDesired: false,
      });
    });
}
