/**
 * One world asked of our server and of its peers: every response is compared, every difference has to be
 * explained by rules (./explained.ts) or is a finding, told with all that is needed to see it again.
 */
import type { Pipeline } from '../../src/server/pipeline.ts';
import { catalog, exchange, pipeline } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { explanationOf } from './explain.ts';
import { accepts, Peer, type PeerName, spared } from './peers.ts';
import { makeQuestions, packetOf, type Question, questionText } from './question.ts';
import type { Difference } from './rule.ts';
import { faultsOf, inventedIn, truncationFault } from './sound.ts';
import { differences, lineOf, type Response, responseOf, responseText } from './verdict.ts';
import { apexes, makeWorld, type World, zoneText } from './world.ts';

export interface Outcome {
  asked: number;
  /** Responses of peers that were compared with ours. */
  compared: number;
  /** How often each rule explained a difference. */
  readonly explained: Map<string, number>;
  /** What no rule explains, and what is wrong whatever others say. */
  readonly findings: Finding[];
}

export interface Finding {
  readonly seed: number;
  readonly text: string;
}

export const newOutcome = (): Outcome => ({ asked: 0, compared: 0, explained: new Map(), findings: [] });

/** Findings with the zones they are about, and how to see them again. */
export function findingsText({ findings }: Outcome, most = 20): string {
  const shown = findings.slice(0, most);
  const worlds = [...new Set(shown.map(({ seed }) => seed))].map((seed) => {
    const world = makeWorld(seed);
    const zones = apexes(world).map((apex) => `; ${apex}\n${zoneText(world, apex)}`);
    return `; node test/oracle/run.ts --seed ${seed} --worlds 1\n${zones.join('\n')}`;
  });
  return [...worlds, ...shown.map(({ text }) => text)].join('\n\n');
}

export const pipelineOf = (world: World): Pipeline =>
  pipeline(catalog(Object.fromEntries(apexes(world).map((apex) => [apex, zoneText(world, apex)]))));

export function askOurs(subject: Pipeline, question: Question): Response {
  const bytes = exchange(subject, packetOf(question), question.transport);
  if (bytes === undefined) throw new Error(`silence to ${questionText(question)}`);
  return responseOf(bytes);
}

export async function contest(
  seed: number,
  count: number,
  names: readonly PeerName[],
  outcome: Outcome,
): Promise<void> {
  const world = makeWorld(seed);
  const questions = makeQuestions(world, count, new Chance(~seed));
  const judge = new Judge(world, outcome);
  for (const question of questions) judge.look(question);
  const peers = await startAll(
    names.filter((name) => accepts(name, world)),
    world,
  );
  try {
    await Promise.all(peers.map((peer) => judge.compare(peer, questions)));
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

/** All or none. */
async function startAll(names: readonly PeerName[], world: World): Promise<Peer[]> {
  const started = await Promise.allSettled(names.map((name) => Peer.start(name, world)));
  const peers = started.filter((one) => one.status === 'fulfilled').map((one) => one.value);
  const failure = started.find((one) => one.status === 'rejected');
  if (failure === undefined) return peers;
  await Promise.all(peers.map((peer) => peer.stop()));
  throw failure.reason;
}

class Judge {
  readonly #world: World;
  readonly #outcome: Outcome;
  readonly #ours: Pipeline;

  constructor(world: World, outcome: Outcome) {
    this.#world = world;
    this.#outcome = outcome;
    this.#ours = pipelineOf(world);
  }

  /** What is wrong with our response before anybody is asked. */
  look(question: Question): void {
    this.#outcome.asked++;
    const ours = askOurs(this.#ours, question);
    const whole = askOurs(this.#ours, { ...question, transport: 'tcp' });
    const faults = faultsOf(ours, whole);
    const invented = inventedIn(whole, this.#world);
    if (invented !== undefined) faults.push(`no zone holds ${lineOf(invented)}`);
    for (const fault of faults) this.#find(question, `is unsound: ${fault}`, { ours, whole });
  }

  async compare(peer: Peer, questions: readonly Question[]): Promise<void> {
    const asked = questions.map((question) => spared(peer.name, question));
    const packets = asked.map((question) => ({ packet: packetOf(question), transport: question.transport }));
    const responses = await peer.client.askAll(packets);
    for (const [i, bytes] of responses.entries()) {
      this.#outcome.compared++;
      await this.#judge(peer, asked[i] as Question, responseOf(bytes));
    }
  }

  async #judge(peer: Peer, question: Question, theirs: Response): Promise<void> {
    const ours = askOurs(this.#ours, question);
    if (!ours.tc && !theirs.tc) return this.#explain(peer.name, question, ours, theirs);
    // What does not fit is compared where it does.
    const overTcp: Question = { ...question, transport: 'tcp' };
    const theirsWhole = responseOf(await peer.client.ask(packetOf(overTcp), 'tcp'));
    const oursWhole = askOurs(this.#ours, overTcp);
    this.#explain(peer.name, overTcp, oursWhole, theirsWhole);
    const fault = truncationFault({ question, ours, oursWhole, theirs, theirsWhole });
    if (fault !== undefined) {
      this.#find(question, `is truncated unlike ${peer.name}: ${fault}`, {
        ours,
        oursWhole,
        theirs,
        theirsWhole,
      });
    }
  }

  #explain(peer: PeerName, question: Question, ours: Response, theirs: Response): void {
    const aspects = differences(ours, theirs);
    if (aspects.size === 0) return;
    const rules = explanationOf(this.#difference(peer, question, ours, theirs));
    for (const { name } of rules ?? []) {
      this.#outcome.explained.set(name, (this.#outcome.explained.get(name) ?? 0) + 1);
    }
    if (rules === undefined) {
      this.#find(question, `differs from ${peer} in ${[...aspects].join(', ')}`, { ours, [peer]: theirs });
    }
  }

  #difference(peer: PeerName, question: Question, ours: Response, theirs: Response): Difference {
    const oursIn = (world: World, other: Question): Response =>
      askOurs(world === this.#world ? this.#ours : pipelineOf(world), other);
    return { world: this.#world, question, peer, ours, theirs, oursIn };
  }

  #find(question: Question, what: string, responses: Record<string, Response>): void {
    const { seed, kind } = this.#world;
    const told = Object.entries(responses).map(([who, response]) => `  ${who}: ${responseText(response)}`);
    const text = `world ${seed} (${kind}): ${questionText(question)}\n  ${what}`;
    this.#outcome.findings.push({ seed, text: [text, ...told].join('\n') });
  }
}
