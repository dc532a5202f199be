/**
 * Plays one scene: builds its internet and a recursor over it, then goes through its steps in virtual time. A
 * step that does not hold throws, with the line and everything that was sent.
 */
import { type Answer, encode } from 'dns-packet';
import { PRIVATE_ADDRESSES } from '../../src/control/settings.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { parseHosts } from '../../src/resolver/hosts.ts';
import { LOCAL_NAMES_DEFAULT } from '../../src/resolver/local-names.ts';
import type { Minimisation } from '../../src/resolver/minimise.ts';
import type { AnswerRrset, Outcome } from '../../src/resolver/outcome.ts';
import type { OwnFinding, OwnZones } from '../../src/resolver/own-zones.ts';
import { Recursor, type RecursorSettings } from '../../src/resolver/recursor.ts';
import { compileList } from '../../src/rules/compile.ts';
import { Rulebook, type RuleTerms } from '../../src/rules/rulebook.ts';
import type { RuleAnswer, RuleFormat } from '../../src/rules/settings.ts';
import { trailText } from '../../src/tools/trail-print.ts';
import { rcodeText, typeFromText, typeText } from '../../src/wire/codes.ts';
import { type Question, type ResourceRecord, readMessage } from '../../src/wire/message.ts';
import { type Name, nameFromText, nameKey, nameText, ownName } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { packRrset, rdatasOf, rrsetType } from '../../src/wire/rrset.ts';
import type { Complaint } from '../../src/zone/complaint.ts';
import { recordFrom } from './record-text.ts';
import type { Block, Line, Scene } from './script.ts';
import { type Logged, ScriptedInternet } from './scripted-internet.ts';
import { isWithin, ScriptedZone } from './scripted-zone.ts';
import { VirtualWorld } from './virtual-world.ts';

const plain = (name: Name): string => (name.length === 1 ? '.' : nameText(name).slice(0, -1));
const plainOwner = (owner: Name): string => plain(owner).replace(/^\.$/, '');
const name = (text: string): Name => nameFromText(text === '.' ? '.' : text) as Name;

export class Stage {
  readonly world: VirtualWorld;
  readonly internet: ScriptedInternet;
  readonly bugs: unknown[] = [];
  readonly #settings: { -readonly [Key in keyof RecursorSettings]: RecursorSettings[Key] };
  readonly #own: ScriptedZone[] = [];
  readonly #rules: { lists: RuleTerms['lists'][number][]; rebinding: RuleTerms['rebinding'] } = {
    lists: [],
    rebinding: undefined,
  };
  readonly #never = new Set<string>();
  readonly #rootHints: { name: Name; addresses: string[] }[] = [];
  #recursor: Recursor | undefined;
  #outcomes: Outcome[] = [];
  #sentBefore = 0;
  #startMs = 0;
  #tookMs = 0;
  #wasCached = false;

  constructor(seed = 1) {
    this.world = new VirtualWorld(seed);
    this.internet = new ScriptedInternet(this.world);
    this.#settings = {
      rootHints: this.#rootHints,
      neverQuery: this.#never,
      upstreamPort: 53,
      cacheBytes: 1_000_000,
      localNames: LOCAL_NAMES_DEFAULT,
      hosts: undefined,
      clientMs: 5_000,
      useCaseRandomisation: true,
      minimise: 'relaxed',
      freshness: FRESHNESS_DEFAULT,
      onBug: (error) => this.bugs.push(error),
    };
  }

  async play(scene: Scene): Promise<void> {
    for (const block of scene.blocks) {
      try {
        await this.#step(block);
        for (const line of block.lines) if (block.words[0] === 'ask') this.#expect(line);
      } catch (error) {
        const sent = this.#sent().map((q) => `  ${q.to} ${q.via} ${q.name} ${q.type}`);
        const told = this.#outcomes.slice(0, 2).map(outcomeText).join('\n');
        throw new Error(
          `${scene.file}:${block.number}: ${(error as Error).message}\n${told}\nsent:\n${sent.join('\n')}`,
        );
      }
    }
    await this.world.pass(20_000);
    if (this.bugs.length > 0) throw this.bugs[0];
    if (this.recursor.inFlight !== 0) throw new Error('something is still in flight');
    if (this.world.alarms !== 0) throw new Error('an alarm was left behind');
  }

  get recursor(): Recursor {
    this.#recursor ??= new Recursor(this.#settings, this.world, this.internet, this.#ownZones());
    return this.#recursor;
  }

  #sent(): Logged[] {
    return this.internet.log.slice(this.#sentBefore);
  }

  async #step(block: Block): Promise<void> {
    const [verb = '', first = '', second = '', third = '', fourth = ''] = block.words;
    switch (verb) {
      case 'hints':
        this.#rootHints.push({ name: name(first), addresses: block.words.slice(2) });
        return;
      case 'server':
        for (const address of first.split(',')) this.#serve(address, third, block);
        return;
      case 'own':
        this.#own.push(
          new ScriptedZone(
            first === '.' ? '' : first,
            block.lines.map(({ text }) => recordFrom(text)),
          ),
        );
        return;
      case 'local-root': {
        const root = new ScriptedZone(
          '',
          block.lines.map(({ text }) => recordFrom(text)),
        );
        this.#settings.localRoot = {
          ask: (owner, type) => askOwn([root], plainOwner(owner), typeText(type)),
        };
        return;
      }
      case 'set':
        return this.#set(first, block);
      case 'remove':
        return this.internet.remove(first);
      case 'fault':
        for (const address of first.split(',')) {
          this.internet.server(address).faults.push({ kind: second, words: block.words.slice(3) });
        }
        return;
      case 'heal':
        this.internet.server(first).faults.length = 0;
        return;
      case 'prime':
        await this.world.until(this.recursor.resolve({ name: name('.'), type: 2, class: 1 }));
        return;
      case 'rules':
        return this.#addRules(first as RuleFormat, second, third, block);
      case 'rebinding': // And the names that may.
        this.#rules.rebinding = { addresses: PRIVATE_ADDRESSES, allow: block.words.slice(1) };
        this.recursor.rules = new Rulebook(this.#rules);
        return;
      case 'flush':
        return this.recursor.flush();
      case 'wait':
        return this.world.pass(Number(first) * 1000);
      case 'start': // Without waiting for it.
        void this.recursor.resolve({ name: name(first), type: typeFromText(second) ?? 0, class: 1 });
        return;
      case 'ask':
        return this.#ask(first, second, third, Number(fourth || 1));
      case 'explain':
        return this.#explain(first, second, block.lines);
      case 'mishaps':
        return expectLines(
          block.lines,
          this.recursor.mishaps.map(({ name, type, zone, count }) => `${name} ${type} at ${zone} ${count}`),
        );
      default:
        throw new Error(`no such step: ${verb}`);
    }
  }

  #serve(address: string, zone: string, block: Block): void {
    const server = this.internet.server(address);
    const records = block.lines.filter(({ words }) => words[0] !== '!');
    const apex = zone === '.' ? '' : zone;
    const again = server.zones.findIndex((known) => known.apex === apex);
    if (again >= 0) server.zones.splice(again, 1);
    server.zones.push(
      new ScriptedZone(
        apex,
        records.map(({ text }) => recordFrom(text)),
      ),
    );
    for (const { words } of block.lines) {
      if (words[0] === '!') server.faults.push({ kind: words[1] ?? '', words: words.slice(2) });
    }
  }

  #set(key: string, { words, lines }: Block): void {
    const values = words.slice(2);
    if (key === 'clientMs') this.#settings.clientMs = Number(values[0]);
    else if (key === 'case') this.#settings.useCaseRandomisation = values[0] === 'on';
    else if (key === 'minimise') this.#settings.minimise = values[0] as Minimisation;
    else if (key === 'stale' || key === 'prefetch' || key.endsWith('Ttl')) this.#setFreshness(key, values[0]);
    else if (key === 'never') for (const address of values) this.#never.add(address);
    else if (key === 'local') this.#settings.localNames = values;
    else if (key === 'port') this.#settings.upstreamPort = Number(values[0]);
    else if (key === 'hosts')
      this.#settings.hosts = parseHosts(lines.map(({ text }) => text).join('\n'), 'hosts').hosts;
    else throw new Error(`no such setting: ${key}`);
  }

  /** `rules FORMAT NAME ANSWER`, and the text of the list. */
  #addRules(format: RuleFormat, called: string, answer: string, { lines }: Block): void {
    const list = {
      ...{ name: called, file: undefined, text: '', format, ttlSeconds: 60, ede: undefined },
      answer: answerOf(answer),
    };
    const complaints: Complaint[] = [];
    const text = lines.map((line) => line.text).join('\n');
    const image = compileList(list, Buffer.from(text), complaints);
    if (image === undefined) throw new Error(JSON.stringify(complaints));
    const ede = format === 'records' ? undefined : 15;
    this.#rules.lists.push({ name: called, image, ede, isData: format === 'records' });
    this.recursor.rules = new Rulebook(this.#rules);
  }

  /** `set stale 500`: after so many milliseconds; `set stale off`, `set prefetch off`, `set minTtl 60`. */
  #setFreshness(key: string, value: string | undefined): void {
    const { freshness } = this.#settings;
    const stale = value === 'off' ? undefined : { ...FRESHNESS_DEFAULT.stale, waitMs: Number(value) };
    const changed = key === 'stale' ? stale : value === 'off' ? false : Number(value);
    this.#settings.freshness = { ...freshness, [key]: changed };
  }

  async #ask(owner: string, type: string, how: string, count: number): Promise<void> {
    this.#sentBefore = this.internet.log.length;
    const questionOf = (i: number): Question => ({
      name: name(owner.replace('%', String(i))),
      type: typeFromText(type) ?? 0,
      class: 1,
    });
    this.#startMs = this.world.nowMs();
    this.#wasCached = false;
    const ask = async (i: number): Promise<Outcome> => {
      const cached = this.recursor.cached(questionOf(i));
      if (i === 0) this.#wasCached = cached !== undefined;
      return cached ?? this.recursor.resolve(questionOf(i));
    };
    const numbers = Array.from({ length: count }, (_, i) => i);
    this.#outcomes = [];
    if (how === 'times') for (const i of numbers) this.#outcomes.push(await this.world.until(ask(i)));
    else this.#outcomes = await this.world.until(Promise.all(numbers.map(ask)));
    this.#tookMs = this.world.nowMs() - this.#startMs;
    // What goes on after the client has its answer counts as well.
    await this.world.pass(this.#sent().length > 0 && this.recursor.inFlight > 0 ? 10_000 : 0);
  }

  /** The steps that are told, as a person reads them. */
  async #explain(owner: string, type: string, lines: readonly Line[]): Promise<void> {
    this.#sentBefore = this.internet.log.length;
    const question = { name: name(owner), type: typeFromText(type) ?? 0, class: 1 };
    const { steps } = await this.world.until(this.recursor.explain(question));
    expectLines(lines, trailText(steps).trimEnd().split('\n'));
  }

  #expect({ words, text, number }: Line): void {
    const fail = (found: unknown): never => {
      throw new Error(`line ${number}: expected ${text}; found ${JSON.stringify(found)}`);
    };
    const [verb, first = '', second = ''] = words;
    const rest = words.slice(1).join(' ');
    const last = this.#outcomes.at(-1) as Outcome;
    switch (verb) {
      case 'rcode':
        for (const { rcode } of this.#outcomes) if (rcodeText(rcode) !== first) fail(rcodeText(rcode));
        return;
      case 'answer':
      case 'authority': {
        const found = recordTexts(last[verb]);
        if (rest === 'none' ? found.length > 0 : !found.includes(rest)) fail(found);
        return;
      }
      case 'records':
        if (recordTexts(last.answer).length !== Number(first)) fail(recordTexts(last.answer));
        return;
      case 'first': // The order of the chain.
        if (recordTexts(last.answer)[0] !== rest) fail(recordTexts(last.answer));
        return;
      case 'ede': {
        const isOther = first === 'none' ? last.ede !== undefined : last.ede?.code !== Number(first);
        if (isOther || !(last.ede?.text ?? '').includes(words.slice(2).join(' '))) fail(last.ede);
        return;
      }
      case 'authoritative':
        if (last.authoritative !== true) fail(last.authoritative);
        return;
      case 'rule': {
        const { rule } = last;
        const found = rule === undefined ? 'none' : `${rule.list.name} ${rule.line}`;
        if (found !== rest) fail(found);
        return;
      }
      case 'silent':
        if (last.isSilent !== true) fail(last.isSilent);
        return;
      case 'cached':
        if (!this.#wasCached || this.#sent().length > 0) fail('not from the cache');
        return;
      case 'took':
        if (!compare(this.#tookMs, words.slice(1))) fail(this.#tookMs);
        return;
      case 'some': {
        const found = this.#outcomes.filter(({ rcode }) => rcodeText(rcode) === first).length;
        if (!compare(found, words.slice(2))) fail(found);
        return;
      }
      case 'sent':
        this.#expectSent(first, second, words, fail);
        return;
      default:
        throw new Error(`no such expectation: ${text}`);
    }
  }

  /** `sent 4`, `sent <= 4`, `sent to 192.0.2.1 2`, `sent over tcp 1`, `sent type NS 1`, `sent plain 1`. */
  #expectSent(
    first: string,
    second: string,
    words: readonly string[],
    fail: (found: unknown) => never,
  ): void {
    const all = this.#sent();
    const by: Record<string, () => [Logged[], readonly string[]]> = {
      to: () => [all.filter((q) => q.to === second), words.slice(3)],
      over: () => [all.filter((q) => q.via === second), words.slice(3)],
      type: () => [all.filter((q) => q.type === second), words.slice(3)],
      name: () => [all.filter((q) => q.name.toLowerCase() === second), words.slice(3)],
      below: () => [all.filter((q) => isWithin(q.name.toLowerCase(), second)), words.slice(3)],
      after: () => [all.filter((q) => q.atMs - this.#startMs >= 1000 * Number(second)), words.slice(3)],
      port: () => [all.filter((q) => q.port === Number(second)), words.slice(3)],
      plain: () => [all.filter((q) => !q.edns), words.slice(2)],
      lower: () => [all.filter((q) => q.name === q.name.toLowerCase()), words.slice(2)],
      recursive: () => [all.filter((q) => q.recursionDesired), words.slice(2)],
    };
    const [found, bound] = by[first]?.() ?? [all, words.slice(1)];
    if (!compare(found.length, bound)) fail(found.map((q) => `${q.to} ${q.via} ${q.name} ${q.type}`));
  }

  #ownZones(): OwnZones {
    return { ask: (owner, type) => askOwn(this.#own, plainOwner(owner), typeText(type)) };
  }
}

function answerOf(text: string): RuleAnswer {
  if (text === '') return 'nxdomain';
  if (text.startsWith('alias:')) return { alias: text.slice(6) };
  if (/[.:]/.test(text)) return { addresses: text.split(',') };
  return text as RuleAnswer;
}

/** All of the lines, in this order; what else is told may stand between. Times before a step do not count. */
function expectLines(lines: readonly Line[], found: readonly string[]): void {
  const told = found.map((text) =>
    text
      .replace(/^ *[\d.]+ ms +/, '')
      .trim()
      .replaceAll(/\s+/g, ' '),
  );
  let at = 0;
  for (const { text } of lines) {
    at = told.indexOf(text, at) + 1;
    if (at === 0) throw new Error(`not told: ${text}\ntold:\n  ${told.join('\n  ')}`);
  }
}

function compare(found: number, [operator = '', bound = '']: readonly string[]): boolean {
  if (operator === '<=') return found <= Number(bound);
  if (operator === '>=') return found >= Number(bound);
  return found === Number(operator);
}

function recordTexts(rrsets: readonly AnswerRrset[]): string[] {
  return rrsets.flatMap(({ owner, block, ttl }) => {
    const type = rrsetType(block, 0);
    const text = (rdata: Uint8Array): string => rdataText(type, rdata).replaceAll(/\.(?= |$)/g, '');
    return rdatasOf(block).map((rdata) => `${plain(owner)} ${ttl} ${typeText(type)} ${text(rdata)}`);
  });
}

const outcomeText = (outcome: Outcome): string =>
  [
    rcodeText(outcome.rcode),
    ...recordTexts(outcome.answer),
    ...recordTexts(outcome.authority).map((text) => `(${text})`),
    outcome.ede ? `EDE ${outcome.ede.code} ${outcome.ede.text}` : '',
  ].join('\n  ');

/** The zones of the server itself, in the words of the seam. */
function askOwn(zones: readonly ScriptedZone[], owner: string, type: string): OwnFinding {
  const zone = zones.find(({ apex }) => isWithin(owner, apex));
  if (zone === undefined) return { kind: 'outside' };
  const { rcode, answers, authorities, additionals } = zone.ask(owner, type);
  const cut = authorities[0];
  if (cut?.type === 'NS' && answers.length === 0) {
    const addressesOf = (server: string): string[] =>
      additionals.filter((r) => r.name === server).map((r) => String((r as { data: unknown }).data));
    const servers = authorities.map((r) => String((r as { data: unknown }).data));
    return {
      kind: 'delegation',
      cut: name(cut.name),
      servers: servers.map((server) => ({ name: name(server), addresses: addressesOf(server) })),
    };
  }
  const outcome = { rcode, answer: rrsets(answers), authority: rrsets(authorities), ede: undefined };
  return { kind: 'answer', outcome };
}

function rrsets(records: Answer[]): AnswerRrset[] {
  const message = readMessage(encode({ type: 'response', questions: [], answers: records }));
  const byKey = new Map<string, ResourceRecord[]>();
  for (const record of message?.answer ?? []) {
    const key = `${nameKey(record.owner)} ${record.type}`;
    byKey.set(key, [...(byKey.get(key) ?? []), record]);
  }
  return [...byKey.values()].map((same) => {
    const { owner, type, ttl } = same[0] as ResourceRecord;
    return {
      owner: ownName(owner),
      block: packRrset(
        type,
        ttl,
        same.map(({ rdata }) => rdata),
      ),
      ttl,
    };
  });
}
