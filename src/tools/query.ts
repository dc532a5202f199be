/**
 * `cairn query`: a small dig. Words in; what dig would print out; the exit code that dig would give: 0 when
 * there was a reply, whatever it said, 1 for words that make no query, 9 for no reply.
 */
import { readFileSync } from 'node:fs';
import { realWorld } from '../base/world.ts';
import { socketUpstream } from '../transport/upstream.ts';
import { readArguments } from './query-arguments.ts';
import { ask, type Means } from './query-ask.ts';
import type { QueryPlan } from './query-plan.ts';
import { commandLines, messageText, shortText, statsText } from './query-print.ts';
import { trace } from './query-trace.ts';

export interface Console {
  out(text: string): void;
  err(text: string): void;
}

export const QueryExit = { OK: 0, USAGE: 1, NO_REPLY: 9 } as const;

const USAGE = `cairn query [@server] [options] [name] [type] [class] [+flags]

  @server       an address, with :port if you like; else the first of /etc/resolv.conf
  -p port       53 unless given           -x address    the name that an address has
  -t type       A unless given            -c class      IN unless given
  -q name       a name that reads like a type            -4, -6        this family only

  +short +trace +traceport=N +[no]tcp +[no]recurse +[no]dnssec +[no]cdflag +[no]adflag +[no]edns +bufsize=N
  +nsid +ignore +timeout=S +tries=N +[no]all +[no]cmd +[no]comments +[no]question +[no]answer +[no]authority
  +[no]additional +[no]stats
`;

export async function runQuery(words: readonly string[], io: Console): Promise<number> {
  const upstream = socketUpstream();
  try {
    return await query(words, io, { world: realWorld, upstream, out: (text) => io.out(text) });
  } finally {
    upstream.close();
  }
}

/** The same, with the world as an argument. */
export async function query(words: readonly string[], io: Console, means: Means): Promise<number> {
  const plan = readArguments(words, resolvConf());
  if (plan === 'help') {
    io.out(USAGE);
    return QueryExit.OK;
  }
  if ('complaints' in plan) {
    for (const complaint of plan.complaints) io.err(`cairn query: ${complaint}\n`);
    io.err("cairn query: 'cairn query -h' shows the words\n");
    return QueryExit.USAGE;
  }
  if (plan.shown.command && !plan.shown.short) io.out(commandLines(words));
  const answered = plan.trace ? await trace(plan, means) : await askOnce(plan, means);
  return answered ? QueryExit.OK : QueryExit.NO_REPLY;
}

async function askOnce(plan: QueryPlan, means: Means): Promise<boolean> {
  const reply = await ask(plan, means);
  if (reply === undefined) {
    means.out(';; no servers could be reached\n');
    return false;
  }
  if (plan.shown.short) {
    means.out(shortText(reply.message));
    return true;
  }
  means.out(messageText(reply.message, plan.shown));
  if (plan.shown.stats) means.out(statsText(reply, plan, means.world.wallSeconds()));
  return true;
}

/** Where this machine's resolver is written down; a machine without one has none. */
function resolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}
