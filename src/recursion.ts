/**
 * The resolver thread: takes what others hand over, finds it out, and sends the answer itself, from the
 * socket it was asked at, or posts it back to where it came from. It owns the sockets to other servers and
 * all that is learned from them, and is the only one who writes the answer cache. What becomes ready in one
 * turn of its loop leaves together. It ends when a publication tells it to.
 */
import { isDeepStrictEqual } from 'node:util';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { assert } from './base/assert.ts';
import { Counter } from './base/counters.ts';
import { FairQueue } from './base/fair-queue.ts';
import { FRONT_WAKE_MS, MESSAGE_BYTES_MAX, READ_MS_MAX, UDP_BATCH_MAX, UNREAD_MAX } from './base/limits.ts';
import { NextTurn } from './base/next-turn.ts';
import type { PrefixSet } from './base/prefix.ts';
import { realWorld } from './base/world.ts';
import type {
  Changed,
  Flush,
  LocalRootCopy,
  Published,
  ResolverPublication,
  ThreadNote,
  ThreadStart,
} from './control/front-letters.ts';
import { BUSY } from './control/hand-over.ts';
import { keepHeapSmall } from './control/heap.ts';
import { answerInquiries } from './control/inquiry-answers.ts';
import { LearnedFile } from './control/learned-file.ts';
import { hasRead, type Line, type PostedAnswer } from './control/line.ts';
import { Outpost } from './control/outpost.ts';
import { Gauges } from './control/resolver-gauges.ts';
import { prefixSet } from './control/settings.ts';
import { newRecursor, type WalkTerms } from './control/walk-terms.ts';
import type { Recursor } from './resolver/recursor.ts';
import { Rulebook, type RuleTerms } from './rules/rulebook.ts';
import { AnswerWriter } from './server/answer-writer.ts';
import { flowOf } from './server/flow.ts';
import { HostKeeper } from './server/host-keeper.ts';
import { noting } from './transport/left-open.ts';
import { loopDescriptor } from './transport/loop-descriptor.ts';
import { loadNative, type Native } from './transport/native.ts';
import { type Packed, Returns, unpack, type WayBack } from './transport/udp-return.ts';
import { socketUpstream } from './transport/upstream.ts';
import { typeText } from './wire/codes.ts';
import type { Question } from './wire/message.ts';
import { equalNames, isWithin, type Name, nameText } from './wire/name.ts';
import { Catalog } from './zone/catalog.ts';
import { systemText } from './zone/files.ts';
import { Image } from './zone/image.ts';

const NO_ZONES = new Catalog([]);

const now = (): number => realWorld.nowMs();

class Resolver {
  readonly #outpost: Outpost<ResolverPublication>;
  readonly #upstream: ReturnType<typeof socketUpstream>;
  readonly #gauges: Gauges;
  /** Absent where nothing comes by a socket of ours. */
  readonly #returns: Returns | undefined;
  readonly #out = new Uint8Array(MESSAGE_BYTES_MAX);
  /** Waiting to be read. */
  readonly #unread = new FairQueue<{ readonly line: Line; readonly query: Packed }>(UNREAD_MAX);
  /** Answers to be posted, to the few there are. */
  #posted: { readonly line: Line; readonly answers: PostedAnswer[] }[] = [];
  readonly #nextTurn = new NextTurn();
  #isFlushDue = false;
  #open: ReadonlySet<number>;
  #neverQuery: PrefixSet;
  #learnedFile: string | undefined;
  #walk: WalkTerms;
  #rules: Rulebook | undefined;
  /** The root zone (RFC 8806), or nothing. */
  #root = NO_ZONES;
  #rootUntilSeconds = 0;
  #recursor: Recursor;
  /** There where hosts are members of pools. */
  #hosts: HostKeeper | undefined;
  #answers: ResolverPublication['answers'];
  #writer: AnswerWriter | undefined;

  constructor(start: ThreadStart<ResolverPublication>, native: Native | undefined, loopFd?: number) {
    const { walk, localRoot, neverQuery, open, gauges, learnedFile, rules, descriptors } = start.publication;
    this.#outpost = new Outpost(start, realWorld, (changed) => this.#apply(changed));
    this.#upstream = socketUpstream({
      counters: this.#outpost.counters,
      native: native && noting(native, descriptors),
      loop: loopFd === undefined ? undefined : { fd: loopFd, isBusy: () => this.#nextTurn.isDue },
    });
    if (native && loopFd === undefined) {
      const text = '/proc does not show the loop: other servers are asked by sockets of Node';
      this.#outpost.note({ level: 'warn', fields: {}, text });
    }
    this.#returns = native && new Returns(native, this.#outpost.counters);
    this.#gauges = new Gauges(gauges);
    this.#open = new Set(open);
    this.#neverQuery = prefixSet(neverQuery);
    this.#walk = walk;
    this.#rules = ruled(rules);
    this.#takeRoot(localRoot);
    this.#recursor = this.#newRecursor();
    this.#learnedFile = learnedFile;
    this.#recall();
    this.#recurseWith(start.publication.answers);
    this.#keepHosts(start.publication.hosts);
  }

  run(): void {
    assert(parentPort !== null, 'the resolver is a worker');
    parentPort.on('message', (published: Published<ResolverPublication>) => {
      this.#outpost.take(published);
      this.#look();
    });
    // Also where a mistake ends it.
    process.once('exit', () => this.#upstream.close());
    this.#look();
    this.#beat();
  }

  #beat(): void {
    this.#outpost.beat();
    this.#outpost.post();
    const { entries: cacheEntries, bytes: cacheBytes } = this.#recursor.cacheSize;
    const { entries: answerEntries = 0, bytes: answerBytes = 0 } = this.#writer ?? {};
    const resolutions = this.#recursor.inFlight;
    this.#gauges.set({ cacheEntries, cacheBytes, answerEntries, answerBytes, resolutions });
    realWorld.after(FRONT_WAKE_MS, () => this.#beat());
  }

  #look(): void {
    this.#outpost.look();
    this.#outpost.hasFollowed();
  }

  #apply(changed: Changed<ResolverPublication>): void {
    const { walk, neverQuery, open, line, inquiries, flush, stop, rules } = changed;
    if (neverQuery) this.#neverQuery = prefixSet(neverQuery);
    if (open) this.#open = new Set(open);
    if (rules) this.#recursor.rules = this.#rules = ruled(rules);
    if ('learnedFile' in changed) this.#learnedFile = changed.learnedFile;
    if ('localRoot' in changed) this.#takeRoot(changed.localRoot);
    const isWalkNew = walk !== undefined && !isDeepStrictEqual(walk, this.#walk);
    if (isWalkNew) {
      this.#walk = walk;
      this.#recursor = this.#newRecursor();
    }
    if ('answers' in changed) this.#recurseWith(changed.answers);
    else if (isWalkNew) this.#recurseWith(this.#answers);
    if (changed.images || changed.image)
      this.#keepHosts(changed.hosts ?? this.#hosts?.memory, changed.isAhead === true);
    if (line) line.port.on('message', (bag: Uint8Array) => this.#take(line, bag));
    if (inquiries) this.#inform(inquiries);
    if (flush) this.#forget(flush);
    if (stop) this.#end();
  }

  /** The table comes with the zones that it is for. */
  #keepHosts(memory: SharedArrayBuffer | undefined, isAhead = false): void {
    if (memory === undefined) return;
    const { catalog, counters } = this.#outpost;
    if (this.#hosts !== undefined) this.#hosts.follow(catalog, isAhead);
    else
      this.#hosts = new HostKeeper(memory, catalog, {
        ...{ world: realWorld, counters, recursor: () => this.#recursor },
        tell: (question, why) => this.#outpost.note(hostNote(question, why)),
      });
  }

  #inform(inquiries: MessagePort): void {
    answerInquiries(inquiries, {
      recursor: () => this.#recursor,
      another: () => this.#newRecursor(),
      hosts: (names) => this.#hosts?.troubles(names) ?? [],
      nextTurn: this.#nextTurn,
      onBug: (bug) => this.#outpost.tellBug(bug, new Uint8Array(0)),
    });
  }

  #takeRoot(copy: LocalRootCopy | undefined): void {
    this.#root = new Catalog(copy === undefined ? [] : [new Image(copy.image.buffer, copy.image.end)]);
    this.#rootUntilSeconds = copy?.untilSeconds ?? 0;
  }

  /** RFC 8806 §4: when it has expired, the root's servers are asked. */
  #rootNow(): Catalog {
    return realWorld.wallSeconds() < this.#rootUntilSeconds ? this.#root : NO_ZONES;
  }

  #newRecursor(): Recursor {
    const recursor = newRecursor(this.#walk, {
      world: realWorld,
      upstream: this.#upstream,
      counters: this.#outpost.counters,
      catalog: () => this.#outpost.catalog,
      rootCatalog: () => this.#rootNow(),
      hosts: () => this.#outpost.hosts,
      whereabouts: () => this.#outpost.whereabouts,
      neverQuery: { has: (address) => this.#neverQuery.has(address) },
      onBug: (bug) => this.#outpost.tellBug(bug, new Uint8Array(0)),
    });
    recursor.rules = this.#rules;
    return recursor;
  }

  #recurseWith(answers: ResolverPublication['answers']): void {
    this.#answers = answers;
    if (answers === undefined) this.#writer = undefined;
    else if (!this.#writer?.writes(answers.memory)) this.#writer = new AnswerWriter(answers.memory, now);
    const shared = answers && this.#writer && { answers: this.#writer, era: answers.era };
    this.#outpost.pipeline.reconfigure({ recursion: { recursor: this.#recursor, shared } });
  }

  #forget(flush: Flush): void {
    const isDoomed = doomed(flush);
    this.#recursor.flush(flush === 'all' ? undefined : isDoomed);
    this.#writer?.flush(isDoomed);
  }

  #take(line: Line, bag: Uint8Array): void {
    if (this.#unread.size === 0) this.#nextTurn.call(() => this.#readSome());
    let dropped = 0;
    for (const query of unpack(bag)) {
      if (this.#unread.put(flowOf(query.packet), { line, query })) continue;
      this.#giveUp(line, query.way, query.packet);
      dropped++;
    }
    if (dropped === 0) return;
    this.#outpost.counters.add(Counter.handOversDropped, dropped);
    this.#tellPending();
    hasRead(line, dropped);
  }

  /** Who asks over UDP asks again. */
  #giveUp(line: Line, way: WayBack, packet: Uint8Array): void {
    if (way.fd >= 0) return;
    const length = this.#outpost.pipeline.giveUp(packet, way.client, this.#out, BUSY);
    this.#answer(line, way, this.#out.slice(0, length));
  }

  /**
   * About a batch each turn of the loop, however much is handed over: between two, answers of other servers
   * come in, and timers go. What waits counts as not read, so no more of it comes than a line holds.
   */
  #readSome(): void {
    // What was published before a query came holds for it.
    this.#look();
    const untilMs = now() + READ_MS_MAX;
    const counts = new Map<Line, number>();
    for (let count = 0; count < UDP_BATCH_MAX && (count === 0 || now() < untilMs); count++) {
      const next = this.#unread.take();
      if (next === undefined) break;
      this.#read(next.line, next.query.way, next.query.packet);
      counts.set(next.line, (counts.get(next.line) ?? 0) + 1);
    }
    this.#tellPending();
    for (const [line, count] of counts) hasRead(line, count);
    if (this.#unread.size > 0) this.#nextTurn.call(() => this.#readSome());
  }

  #read(line: Line, way: WayBack, packet: Uint8Array): void {
    const later = (response: Uint8Array): void => this.#answer(line, way, response);
    const { pipeline } = this.#outpost;
    const length = pipeline.resume(packet, packet.length, way.client, this.#out, later);
    if (length >= 0) this.#answer(line, way, this.#out.slice(0, length));
  }

  #answer(line: Line, way: WayBack, response: Uint8Array): void {
    if (way.fd < 0) {
      const posted = this.#posted.find((each) => each.line === line);
      const answer = { ticket: way.ticket, response };
      if (posted === undefined) this.#posted.push({ line, answers: [answer] });
      else posted.answers.push(answer);
    } else if (response.length > 0) this.#returns?.add(way, response);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#nextTurn.call(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    this.#look();
    this.#returns?.flush((fd) => this.#open.has(fd));
    for (const { line, answers } of this.#posted) line.port.postMessage(answers);
    this.#posted = [];
    this.#tellPending();
    this.#outpost.post();
  }

  #tellPending(): void {
    const posted = this.#posted.reduce((sum, { answers }) => sum + answers.length, 0);
    this.#outpost.pending = this.#outpost.pipeline.pending + (this.#returns?.waiting ?? 0) + posted;
  }

  /** What an earlier one had learned. */
  #recall(): void {
    const file = this.#learnedFile;
    if (file === undefined) return;
    const learned = new LearnedFile(file, this.#walk, realWorld).take();
    if (typeof learned === 'object') {
      const facts = this.#recursor.unpack(learned.bytes, learned.awayMs);
      this.#outpost.note({ level: 'info', fields: { file, facts }, text: 'took what was learned before' });
    } else if (learned !== undefined) {
      this.#outpost.note({ level: 'warn', fields: { file, why: learned }, text: 'learns everything anew' });
    }
  }

  /** For the next one. */
  #keep(): void {
    const file = this.#learnedFile;
    if (file === undefined) return;
    try {
      const bytes = new LearnedFile(file, this.#walk, realWorld).write(this.#recursor.packed());
      this.#outpost.note({ level: 'info', fields: { file, bytes }, text: 'kept what was learned' });
    } catch (error) {
      const why = systemText(error);
      this.#outpost.note({ level: 'warn', fields: { file, why }, text: 'what was learned is not kept' });
    }
  }

  #end(): void {
    this.#flush();
    this.#keep();
    this.#outpost.post();
    process.exit();
  }
}

/** Nothing that would be asked for every query where there are none. */
const ruled = (terms: RuleTerms): Rulebook | undefined =>
  terms.lists.length > 0 || terms.rebinding ? new Rulebook(terms) : undefined;

function hostNote({ name, type }: Question, why: string | undefined): ThreadNote {
  const fields = { host: nameText(name), type: typeText(type) };
  if (why === undefined) return { level: 'info', fields, text: 'addresses of a pool member are known again' };
  return { level: 'warn', fields: { ...fields, why }, text: 'no addresses of a pool member' };
}

function doomed(flush: Flush): (name: Name) => boolean {
  if (flush === 'all') return () => true;
  return flush.below ? (name) => isWithin(name, flush.name) : (name) => equalNames(name, flush.name);
}

keepHeapSmall();
const loaded = await loadNative();
const native = typeof loaded === 'string' ? undefined : loaded;
const loopFd = native && (await loopDescriptor(native));
new Resolver(workerData as ThreadStart<ResolverPublication>, native, loopFd).run();
