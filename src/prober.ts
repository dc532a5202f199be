/**
 * The prober thread: probes what the pools of our zones have checks for, and writes into their plans who is
 * in and who is out. Nobody waits for it: who answers reads a word of memory. It is told which images with
 * which plans there are, tells what changed, and ends when a publication tells it to.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { assert } from './base/assert.ts';
import { Counters } from './base/counters.ts';
import { Histograms } from './base/histogram.ts';
import { FRONT_LETTERS_MAX, FRONT_WAKE_MS, HEALTH_FOLLOW_MS, HEALTH_NOTES_MAX } from './base/limits.ts';
import { realWorld } from './base/world.ts';
import {
  FrontWord,
  type Letter,
  laidOver,
  type Published,
  type ThreadNote,
  type ThreadStart,
} from './control/front-letters.ts';
import type { PostedReply } from './control/inquiries.ts';
import type { HealthInquiries, PostedHealthInquiry, ProberPublication } from './control/prober-letters.ts';
import type { Carrier } from './health/carrier.ts';
import type { Verdict } from './health/conversation.ts';
import { NativeCarrier } from './health/native-carrier.ts';
import { NodeCarrier } from './health/node-carrier.ts';
import { PROBE_ROWS } from './health/probe.ts';
import { Standings } from './health/standings.ts';
import type { Target } from './health/targets.ts';
import { HealthWatch } from './health/watch.ts';
import { listenText } from './transport/addresses.ts';
import { noting } from './transport/left-open.ts';
import { loadNative, type Native } from './transport/native.ts';
import { Image } from './zone/image.ts';

class Prober {
  readonly #words: Int32Array;
  readonly #watch: HealthWatch;
  #publication: ProberPublication;
  #generation: number;
  #isUpToDate = false;
  /** Zones have been replaced since the last whole collection of garbage. */
  #hasOldZones = false;
  #notes: ThreadNote[] = [];
  #untold = 0;
  #bugs: Letter['bugs'][number][] = [];

  constructor(
    { words, counters, generation, publication }: ThreadStart<ProberPublication>,
    native: Native | undefined,
  ) {
    this.#words = words;
    this.#generation = generation;
    this.#publication = publication;
    const ground = {
      world: realWorld,
      carrier: carrierWith(native, publication.descriptors),
      counters: new Counters(counters),
      probeTimes: new Histograms(PROBE_ROWS, publication.probeTimes),
    };
    this.#watch = new HealthWatch(ground, publication.health.probes, new Standings(publication.standings), {
      onChange: (target, verdict) => this.#note(changeNote(target, verdict)),
      onShortage: (shortage) =>
        this.#note({
          level: 'warn',
          fields: { ...shortage },
          text: 'more health checks than are done in time',
        }),
    });
  }

  run(): void {
    assert(parentPort !== null, 'the prober is a worker');
    parentPort.on('message', (published: Published<ProberPublication>) => this.#take(published));
    process.once('exit', () => this.#watch.close());
    this.#follow();
    for (const { check, address, isUp, forMs } of this.#publication.reports)
      this.#watch.report(check, address, isUp, forMs);
    this.#beat();
    this.#lookAround();
  }

  #take({ generation, changed }: Published<ProberPublication>): void {
    this.#generation = generation;
    this.#publication = laidOver(this.#publication, changed);
    const { inquiries, stop, images, image, health, holds } = changed;
    if (inquiries) this.#inform(inquiries);
    if (images || health || holds || (image && image.plan !== 'kept')) this.#followSoon();
    this.#hasFollowed();
    if (stop) this.#end();
  }

  /** Zones may change many times a second, and each time all plans are read. */
  #followSoon(): void {
    if (!this.#isUpToDate) return;
    this.#isUpToDate = false;
    realWorld.after(HEALTH_FOLLOW_MS, () => this.#follow());
  }

  #follow(): void {
    const { images, health, holds } = this.#publication;
    const withPools = images.filter(({ plan }) => plan !== undefined);
    this.#watch.follow(
      withPools.map(({ buffer, end, plan }) => new Image(buffer, end, plan)),
      { ...health, holds },
    );
    this.#isUpToDate = true;
    this.#hasOldZones = true;
    this.#hasFollowed();
  }

  #hasFollowed(): void {
    Atomics.store(this.#words, FrontWord.SEEN, this.#generation);
  }

  #beat(): void {
    Atomics.add(this.#words, FrontWord.BEAT, 1);
    this.#post();
    realWorld.after(FRONT_WAKE_MS, () => this.#beat());
  }

  #lookAround(): void {
    this.#watch.tellStandings();
    // Who allocates little collects seldom, and would hold the zones of yesterday for long.
    if (this.#hasOldZones) globalThis.gc?.();
    this.#hasOldZones = false;
    realWorld.after(LOOK_AROUND_MS, () => this.#lookAround());
  }

  #inform(port: MessagePort): void {
    port.on('message', (inquiry: PostedHealthInquiry) => {
      const reply = (told: unknown): void =>
        port.postMessage({ ticket: inquiry.ticket, told } satisfies PostedReply);
      try {
        reply(this.#told(inquiry));
      } catch (bug) {
        this.#bugs.push({ bug, packet: '' });
        reply(undefined);
      }
    });
  }

  #told(inquiry: PostedHealthInquiry): HealthInquiries[keyof HealthInquiries]['told'] {
    if (inquiry.about === 'members') return this.#watch.members(inquiry.asked.pool);
    const { check, address, isUp, forMs } = inquiry.asked;
    return this.#watch.report(check, address, isUp, forMs);
  }

  #note(note: ThreadNote): void {
    if (this.#notes.length < HEALTH_NOTES_MAX) this.#notes.push(note);
    else this.#untold++;
  }

  #post(): void {
    if (this.#notes.length + this.#bugs.length === 0) return;
    const posted = this.#words[FrontWord.POSTED] as number;
    if (((posted - Atomics.load(this.#words, FrontWord.TAKEN)) | 0) >= FRONT_LETTERS_MAX) return;
    const fields = { count: this.#untold };
    if (this.#untold > 0)
      this.#notes.push({ level: 'warn', fields, text: 'more changes of health than are told one by one' });
    const letter: Letter = { notes: this.#notes, sightings: [], limited: undefined, bugs: this.#bugs };
    Atomics.store(this.#words, FrontWord.POSTED, posted + 1);
    parentPort?.postMessage(letter);
    this.#notes = [];
    this.#untold = 0;
    this.#bugs = [];
  }

  #end(): void {
    // Who was released meanwhile is to be free.
    if (!this.#isUpToDate) this.#follow();
    this.#post();
    process.exit();
  }
}

/** Whoever scrapes sees numbers of such an age at most. */
const LOOK_AROUND_MS = 1_000;

function carrierWith(native: Native | undefined, descriptors: SharedArrayBuffer): Carrier {
  const node = new NodeCarrier();
  return native === undefined ? node : new NativeCarrier(realWorld, noting(native, descriptors), node);
}

const changeNote = ({ check, to }: Target, { isUp, why }: Verdict): ThreadNote => ({
  level: isUp ? 'info' : 'warn',
  fields: { check: check.name, target: listenText(to), why },
  text: isUp ? 'a pool member is up' : 'a pool member is down',
});

const native = await loadNative();
new Prober(
  workerData as ThreadStart<ProberPublication>,
  typeof native === 'string' ? undefined : native,
).run();
