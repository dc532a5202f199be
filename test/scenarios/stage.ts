/**
 * Plays one scene: builds its internet and a recursor over it, then goes through its steps in virtual time. A
 * step that does not hold throws, with the line and everything that was sent.
 */
import { parseIp } from '../../src/base/ip.ts';
import { PRIVATE_ADDRESSES } from '../../src/control/settings.ts';
import type { ClientQuestion } from '../../src/resolver/client-question.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { parseHosts } from '../../src/resolver/hosts.ts';
import { LOCAL_NAMES_DEFAULT } from '../../src/resolver/local-names.ts';
import type { Minimisation } from '../../src/resolver/minimise.ts';
import type { AnswerRrset, Outcome } from '../../src/resolver/outcome.ts';
import type { OwnZones } from '../../src/resolver/own-zones.ts';
import { Recursor, type RecursorSettings } from '../../src/resolver/recursor.ts';
import type { Route } from '../../src/resolver/routes.ts';
import { compileList } from '../../src/rules/compile.ts';
import { Rulebook, type RuleTerms } from '../../src/rules/rulebook.ts';
import type { RuleAnswer, RuleFormat } from '../../src/rules/settings.ts';
import { trailText } from '../../src/tools/trail-print.ts';
import { rcodeText, typeFromText, typeText } from '../../src/wire/codes.ts';
import { type Name, nameFromText, nameText } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { rdatasOf, rrsetType } from '../../src/wire/rrset.ts';
import type { Complaint } from '../../src/zone/complaint.ts';
import { recordFrom } from './record-text.ts';
import type { Block, Line, Scene } from './script.ts';
import { type Logged, ScriptedInternet } from './scripted-internet.ts';
import { askOwn } from './scripted-own.ts';
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
  readonly #routes: Route[] = [];
  readonly #rootHints: { name: Name; addresses: string[] }[] = [];
  #recursor: Recursor | undefined;
  #outcomes: Outcome[] = [];
  #sentBefore = 0;
  #startMs = 0;
  #tookMs = 0;
  /** How long each of several questions took, the quickest first. */
  #eachMs: number[] = [];
  #inFlightMost = 0;
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
      routes: this.#routes,
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
      case 'forward':
      case 'stub':
      case 'iterate':
        this.#routes.push(routeFrom(verb, first, block.words.slice(2)));
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
      case 'flood': // `flood x%.example.com A 5000 10`: so many a second, for so many seconds.
        return this.#flood(first, second, Number(third) / 1000, 1000 * Number(fourth));
      case 'ask':
        return this.#ask(first, second, third, fourth);
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
    else if (key === 'dns64') this.#settings.dns64 = dns64From(values);
    else if (key === 'subnets')
      this.#settings.clientSubnet = {
        servers: values.slice(0, 1),
        zones: values.slice(1).map(name),
        ipv4Bits: 24,
        ipv6Bits: 56,
      };
    else if (key === 'port') this.#settings.upstreamPort = Number(values[0]);
    else if (key === 'hosts')
      this.#settings.hosts = parseHosts(lines.map(({ text }) => text).join('\n'), 'hosts').hosts;
    else throw new Error(`no such setting: ${key}`);
  }

  #flood(owner: string, type: string, perMs: number, ms: number): void {
    const startMs = this.world.nowMs();
    let asked = 0;
    const go = (): void => {
      for (const due = (this.world.nowMs() - startMs) * perMs; asked < due; asked++) {
        const question = {
          name: name(owner.replace('%', String(asked))),
          type: typeFromText(type) ?? 0,
          class: 1,
        };
        void this.recursor.resolve(question);
      }
      this.#inFlightMost = Math.max(this.#inFlightMost, this.recursor.inFlight);
      if (this.world.nowMs() < startMs + ms) this.world.after(Math.max(1, 1 / perMs), go);
    };
    this.world.after(1, go);
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

  async #ask(owner: string, type: string, how: string, from: string): Promise<void> {
    this.#sentBefore = this.internet.log.length;
    const questionOf = (i: number): ClientQuestion => ({
      name: name(owner.replace('%', String(i))),
      type: typeFromText(type) ?? 0,
      class: 1,
      synthesise: how === 'ipv6-only',
      client: clientOf(how, from, i),
    });
    this.#startMs = this.world.nowMs();
    this.#wasCached = false;
    this.#eachMs = [];
    this.#inFlightMost = this.recursor.inFlight;
    const ask = async (i: number, afterMs = 0): Promise<Outcome> => {
      if (afterMs > 0) await new Promise<void>((go) => this.world.after(afterMs, go));
      const startMs = this.world.nowMs();
      const cached = this.recursor.cached(questionOf(i));
      if (i === 0) this.#wasCached = cached !== undefined;
      const outcome = cached ?? (await this.recursor.resolve(questionOf(i)));
      this.#eachMs.push(this.world.nowMs() - startMs);
      return outcome;
    };
    const numbers = Array.from({ length: how === 'from' ? 1 : Number(from || 1) }, (_, i) => i);
    this.#outcomes = [];
    const paceMs = how.startsWith('every-') ? Number(how.slice('every-'.length)) : 0;
    if (how === 'times') for (const i of numbers) this.#outcomes.push(await this.world.until(ask(i)));
    else this.#outcomes = await this.world.until(Promise.all(numbers.map((i) => ask(i, i * paceMs))));
    this.#tookMs = this.world.nowMs() - this.#startMs;
    this.#eachMs.sort((a, b) => a - b);
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
      case 'p95':
      case 'p99': {
        const found = this.#eachMs[Math.ceil((this.#eachMs.length * Number(verb.slice(1))) / 100) - 1] ?? 0;
        if (!compare(found, words.slice(1))) fail(found);
        return;
      }
      case 'at-most-waiting':
        if (this.#inFlightMost > Number(first)) fail(this.#inFlightMost);
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
      telling: () => [all.filter((q) => q.subnet === second), words.slice(3)],
      recursive: () => [all.filter((q) => q.recursionDesired), words.slice(2)],
    };
    const [found, bound] = by[first]?.() ?? [all, words.slice(1)];
    if (!compare(found.length, bound)) fail(found.map((q) => `${q.to} ${q.via} ${q.name} ${q.type}`));
  }

  #ownZones(): OwnZones {
    return { ask: (owner, type) => askOwn(this.#own, plainOwner(owner), typeText(type)) };
  }
}

/** `from ADDRESS`; `networks 500` is as many clients, each in a network of its own; else nobody knows. */
function clientOf(how: string, from: string, i: number): Uint8Array | undefined {
  if (how === 'networks') return Uint8Array.of(10, i >> 8, i & 0xff, 1);
  return how === 'from' ? parseIp(from) : undefined;
}

/** `64:ff9b::/96 2001:db8:bad::/48 good.com`: the prefix, what is excluded, what is ignored. */
function dns64From([prefix = '', ...others]: readonly string[]): RecursorSettings['dns64'] {
  const ignore = others.filter((other) => !other.includes('/')).map(name);
  return { prefix, exclude: ['::ffff:0:0/96', ...others.filter((other) => other.includes('/'))], ignore };
}

/** `forward corp 192.0.2.9 192.0.2.9@5353 first`, `stub corp ns.good.com tcp`, `iterate www.corp`. */
function routeFrom(how: Route['how'], apexText: string, words: readonly string[]): Route {
  const apex = name(apexText);
  const targets = words.filter((word) => word !== 'first' && word !== 'tcp');
  const isAddress = (target: string): boolean => /^[\d.]+(@\d+)?$|:/.test(target);
  const named = targets.filter((target) => !isAddress(target));
  const servers = named.map((target) => ({ name: name(target), addresses: [] as string[] }));
  servers.push({ name: apex, addresses: targets.filter(isAddress) });
  return { how, apex, servers, via: words.includes('tcp') ? 'tcp' : 'udp', first: words.includes('first') };
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
