/**
 * What an operator reads: one line per event. JSON lines for collectors, plain text for people; `auto` looks
 * whether the output is a terminal. Writing never waits: behind a reader that has stopped reading, lines are
 * kept up to LOG_BYTES_MAX, then dropped and counted. Control characters never reach the output raw, whoever
 * sent them.
 */
import type { Writable } from 'node:stream';
import { pino } from 'pino';
import { LOG_BYTES_MAX } from '../base/limits.ts';
import { realWorld, type World } from '../base/world.ts';
import type { Complaint } from '../zone/complaint.ts';
import { Flood, HELD_BACK } from './flood.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LOG_FORMATS = ['auto', 'text', 'json'] as const;

export interface LogSettings {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly format: (typeof LOG_FORMATS)[number];
  readonly queries: QueryLogSettings | false;
}

export const QUERY_LOG_FORMATS = ['json', 'dnstap'] as const;

export interface QueryLogSettings {
  /** One query of so many is logged. */
  readonly every: number;
  readonly format: (typeof QUERY_LOG_FORMATS)[number];
  /** Undefined: to the log itself. */
  readonly to: { readonly kind: 'file' | 'unix'; readonly path: string } | undefined;
}

/** What one line per query says; they are as many as the operator asked for. */
export const QUERY_MESSAGE = 'query';

export type Logger = pino.Logger;

export interface Log {
  readonly logger: Logger;
  reconfigure(settings: LogSettings): void;
  /** Resolves when what was logged is written, or after `ms` when nobody reads it. */
  flush(world: World, ms: number): Promise<void>;
}

/**
 * `out` is the process's own stdout: of all that Node offers, it alone writes to a pipe without a thread that
 * a full pipe would hold, and with it the end of the process.
 */
export function openLog(
  settings: LogSettings,
  out: Writable,
  isTerminal: boolean,
  world: World = realWorld,
): Log {
  let dropped = 0;
  const flood = new Flood(world);
  let shape = shapeOf(settings, isTerminal);
  const write = (line: string): void => {
    if (out.writableLength > LOG_BYTES_MAX) dropped += 1;
    else out.write(shape(line));
  };
  out.on('drain', () => {
    const count = dropped;
    dropped = 0;
    if (count > 0) write(droppedLine(count));
  });
  // A reader that went away must not take the server with it.
  out.on('error', () => {});
  const logger: Logger = pino(
    {
      hooks: {
        logMethod(words, method) {
          if (!flood.admits(words)) return;
          const held = flood.heldBack();
          method.apply(this, words);
          if (held.length > 0) method.apply(this, [{ held }, HELD_BACK]);
        },
      },
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return {
    logger,
    reconfigure(changed) {
      logger.level = changed.level;
      shape = shapeOf(changed, isTerminal);
    },
    flush: (world, ms) =>
      new Promise((resolve) => {
        const giveUp = world.after(ms, resolve);
        out.write('', () => {
          giveUp();
          resolve();
        });
      }),
  };
}

const droppedLine = (count: number): string =>
  `{"level":"warn","msg":"log lines were dropped","count":${count}}\n`;

function shapeOf(settings: LogSettings, terminal: boolean): (line: string) => string {
  const text = settings.format === 'text' || (settings.format === 'auto' && terminal);
  return text ? textLine : jsonLine;
}

/** JSON leaves DEL and the C1 controls as they are; a terminal may obey them. */
export const jsonLine = (line: string): string => line.replace(/[\x7f-\x9f]/g, escaped);

/** `22:24:00.123 info  started addresses=127.0.0.1:5300,[::1]:5300 zones=3` */
export function textLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const when = typeof time === 'string' ? `${time.slice(11, 23)} ` : '';
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`);
  return `${`${when}${String(level).padEnd(5)} ${msg}${rest.join('')}`.replace(/\p{Cc}/gu, escaped)}\n`;
}

function fieldText(value: unknown): string {
  if (Array.isArray(value)) return value.map(fieldText).join(',');
  if (typeof value !== 'string') return JSON.stringify(value);
  return /[\s="]/.test(value) ? JSON.stringify(value) : value;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** All of them, each as its own line. */
export function logComplaints(logger: Logger, complaints: readonly Complaint[]): void {
  for (const { file, line, column, severity, text } of complaints) {
    const place = { file, ...(line > 0 ? { line } : {}), ...(column > 0 ? { column } : {}) };
    if (severity === 'error') logger.error(place, text);
    else logger.warn(place, text);
  }
}
