/**
 * `cairn serve`: builds the house, opens the doors, and keeps both until it is told to stop. In this order:
 * settings, zones, doors, privileges; only then is the first query read. Errors at start are fatal and told
 * all at once; errors later are told and survived. Gives the exit code.
 */
import { access, constants } from 'node:fs/promises';
import { Counter, Counters } from './base/counters.ts';
import { Histograms } from './base/histogram.ts';
import { LOG_FLUSH_MS } from './base/limits.ts';
import { realWorld } from './base/world.ts';
import { AddressWatch } from './control/address-watch.ts';
import { BugLog, catchStrays } from './control/bugs.ts';
import { configure, type Flags } from './control/config.ts';
import { ControlRoom } from './control/control-room.ts';
import { planDescriptors } from './control/descriptors.ts';
import { Doors, type Refusal } from './control/doors.ts';
import { engineGivesWay } from './control/engine-threads.ts';
import { Explainer } from './control/explainer.ts';
import type { FrontPublication, PostedSighting, ResolverPublication } from './control/front-letters.ts';
import { Fronts, spawnThread } from './control/fronts.ts';
import { HandOver } from './control/hand-over.ts';
import { PROBER_HEAP, RESOLVER_HEAP } from './control/heap.ts';
import { type Ground, House } from './control/house.ts';
import type { LimitNote } from './control/limit-notes.ts';
import { countFrom, type Reading, readAll } from './control/load.ts';
import { logComplaints, openLog } from './control/log.ts';
import { Monitor } from './control/monitor.ts';
import { type Notifier, openNotifier } from './control/notify.ts';
import { PoolDesk } from './control/pool-desk.ts';
import { dropPrivileges } from './control/privileges.ts';
import type { ProberPublication } from './control/prober-letters.ts';
import { ProberThread } from './control/prober-thread.ts';
import { refusalTexts } from './control/refusals.ts';
import { rehearse } from './control/rehearsal.ts';
import { Reloader } from './control/reload.ts';
import { ResolverThread } from './control/resolver-thread.ts';
import type { Settings } from './control/settings.ts';
import { Signals } from './control/signals.ts';
import { statusOf } from './control/status.ts';
import { ZoneWatch } from './control/watch.ts';
import { countRules } from './rules/loader.ts';
import { LATENCY_ROWS } from './server/observer.ts';
import { type Answerer, type Client, DROP } from './transport/door.ts';
import { loadNative, type Native } from './transport/native.ts';
import { checkNative } from './transport/udp-check.ts';

const world = realWorld;

/** Until the settings say otherwise. */
const LOG_AT_START = { level: 'info', format: 'auto', queries: false } as const;

export async function serve(flags: Flags): Promise<number> {
  const signals = new Signals();
  const log = openLog(LOG_AT_START, process.stdout, process.stdout.isTTY === true);
  const ground: Ground = {
    world,
    counters: new Counters(),
    latency: new Histograms(LATENCY_ROWS),
    log,
    bugs: new BugLog(log.logger, world),
  };
  let server: Server | undefined;
  const exit = async (code: number): Promise<number> => {
    await log.flush(world, LOG_FLUSH_MS);
    return code;
  };
  catchStrays(
    ground.bugs,
    () => server !== undefined,
    () => void exit(1).then((code) => process.exit(code)),
  );
  const begun = await Promise.race([start(flags, ground), signals.stop]);
  if (begun === 'stop') {
    log.logger.info('stopped before it had started');
    return exit(0);
  }
  if (begun === undefined) {
    log.logger.error('not started');
    return exit(1);
  }
  server = begun;
  signals.onReload(server.reload);
  await signals.stop;
  await Promise.race([server.stop(), signals.stopNow]);
  log.logger.info({ queries: ground.counters.get(Counter.queries) }, 'stopped');
  return exit(0);
}

interface Server {
  reload(): void;
  /** Resolves when everything in hand is answered, or the grace time is over. */
  stop(): Promise<void>;
}

/** Undefined when something is wrong, which is then in the log. */
async function start(flags: Flags, ground: Ground): Promise<Server | undefined> {
  const { log } = ground;
  const { settings, complaints, file } = await configure(flags);
  logComplaints(log.logger, complaints);
  if (settings === undefined) return undefined;
  log.reconfigure(settings.log);
  const monitor = new Monitor(ground);
  const server = (await openMonitor(monitor, settings, ground))
    ? await open(flags, { settings, file, monitor }, ground)
    : undefined;
  if (server === undefined) await monitor.close();
  return server;
}

interface Configured {
  readonly settings: Settings;
  readonly file: string | undefined;
  readonly monitor: Monitor;
}

async function open(
  flags: Flags,
  { settings, file, monitor }: Configured,
  ground: Ground,
): Promise<Server | undefined> {
  const { log, counters } = ground;
  const reading = await readAll(settings);
  logComplaints(log.logger, reading.complaints);
  if (reading.loadout === undefined) return undefined;
  const house = new House(settings, reading.loadout, ground);
  const handOver = new HandOver(house.pipeline, counters);
  const gate = new Gate();
  const { resolver, prober, fronts } = await threadsFor(settings, house, handOver, ground);
  const listenUdp = fronts && ((address: string, port: number) => fronts.listen(address, port));
  const { tcp, warning } = planDescriptors(settings);
  if (warning !== undefined) log.logger.warn(warning);
  const doors = new Doors(settings.listen, { answerer: gate, world, counters, tcp, listenUdp });
  const control = new ControlRoom(ground.bugs);
  const isReady =
    (await openDoors(doors, settings, ground)) &&
    (await control.open(settings.control, process.env, log.logger)) &&
    giveUpRoot(settings, ground);
  if (!isReady) {
    await control.close();
    await doors.close();
    return undefined;
  }
  await complainOfUnreadable(reading, file, settings, ground);
  const found = resolver.start().then(() => house.hosts.found(house.catalog.images));
  // What hosts are probed at has to be known first.
  if (house.hosts.table !== undefined) await found;
  await Promise.all([found, prober.start()]);
  gate.open(handOver);
  await fronts?.start();
  const { zoneCount: zones, recordCount: records } = house.catalog;
  const config = file === undefined ? {} : { config: file };
  const http = monitor.address === undefined ? {} : { http: monitor.address };
  const rules = countRules(reading.loadout.rules);
  const kept = settings.cache.images === undefined ? {} : { kept: countFrom('kept', reading.loadout.zones) };
  const server = keep(flags, settings, reading, {
    ...{ house, handOver, doors, fronts, resolver, prober, ground, monitor, control },
  });
  log.logger.info(
    {
      addresses: doors.addresses,
      ...http,
      ...(control.path === undefined ? {} : { control: control.path }),
      zones,
      records,
      ...(rules > 0 ? { rules } : {}),
      ...kept,
      ...config,
      ms: Math.round(world.nowMs()),
    },
    'started',
  );
  return server;
}

/** False when it is wanted and cannot be had, which is then in the log. */
async function openMonitor(monitor: Monitor, { http }: Settings, { log }: Ground): Promise<boolean> {
  const refusal = http.listen === false ? undefined : await monitor.open(http.listen);
  if (refusal === undefined) return true;
  for (const text of refusalTexts([refusal])) log.logger.error(text);
  return false;
}

interface Threads {
  readonly resolver: ResolverThread;
  readonly prober: ProberThread;
  /** Undefined where datagrams are read one by one, in this thread; the log says why. */
  readonly fronts: Fronts | undefined;
}

async function threadsFor(
  { threads: count, pools }: Settings,
  house: House,
  handOver: HandOver,
  ground: Ground,
): Promise<Threads> {
  const { counters, latency, bugs, log } = ground;
  const room = {
    ...{ world, counters, latency, logger: log.logger, bugs },
    onSightings: (posted: readonly PostedSighting[]) => house.logSightings(posted),
    onLimited: (note: LimitNote) => house.noteLimited(note),
  };
  const connect = (): void => {
    handOver.reconnect(resolver);
    fronts?.reconnect();
  };
  const spawn = spawnThread<ResolverPublication>(new URL('./recursion.ts', import.meta.url), RESOLVER_HEAP);
  const resolver = new ResolverThread({ ...room, spawn, onChange: connect });
  const spawnProber = spawnThread<ProberPublication>(new URL('./prober.ts', import.meta.url), PROBER_HEAP);
  const prober = new ProberThread({ ...room, spawn: spawnProber, holdsFile: pools.state });
  const native = count === 0 ? undefined : await nativeOr(log.logger);
  const spawnFront = spawnThread<FrontPublication>(new URL('./front.ts', import.meta.url));
  const fronts =
    native &&
    new Fronts(count, {
      ...room,
      ...{ native, tally: house.tally },
      switchboard: resolver,
      spawn: spawnFront,
    });
  house.follow({
    all: (published) => {
      const { health, ...forResolver } = published;
      const { walk, localRoot, neverQuery, learnedFile, rules, ...common } = forResolver;
      resolver.follow(forResolver);
      prober.follow(published);
      fronts?.publish(common);
    },
    ahead: ({ health, ...forResolver }) => resolver.follow(forResolver, true),
  });
  return { resolver, prober, fronts };
}

async function nativeOr(logger: Ground['log']['logger']): Promise<Native | undefined> {
  const native = await loadNative();
  const why = typeof native === 'string' ? native : checkNative(native);
  if (typeof native !== 'string' && why === undefined) return native;
  logger.warn({ why }, 'no front threads: datagrams are read one by one');
  return undefined;
}

type Send = (response: Uint8Array) => void;

/** Lets nothing in before root is given up. */
class Gate implements Answerer {
  #behind: Answerer | undefined;

  open(behind: Answerer): void {
    this.#behind = behind;
  }

  answer(packet: Uint8Array, length: number, client: Client, out: Uint8Array, send: Send): number {
    return this.#behind === undefined ? DROP : this.#behind.answer(packet, length, client, out, send);
  }
}

async function openDoors(doors: Doors, settings: Settings, { log }: Ground): Promise<boolean> {
  const { refused } = await doors.adjust();
  // An IPv6 address still being checked for duplicates cannot be had yet, and nobody asked for it by name.
  const isNamed = ({ listen }: Refusal): boolean =>
    settings.listen.some(({ address }) => address === listen.address);
  const fatal = refused.filter((refusal) => isNamed(refusal) || refusal.code !== 'EADDRNOTAVAIL');
  for (const text of refusalTexts(fatal)) log.logger.error(text);
  return fatal.length === 0;
}

function giveUpRoot({ user, group }: Settings, { log }: Ground): boolean {
  const fault = dropPrivileges({ user, group });
  if (fault !== undefined) log.logger.error(fault);
  else if (process.getuid?.() === 0)
    log.logger.warn('running as root: set user to somebody with fewer rights');
  return fault === undefined;
}

/** What a reload will read again. */
async function complainOfUnreadable(
  { watched }: Reading,
  config: string | undefined,
  { hosts, recursion }: Settings,
  { log }: Ground,
): Promise<void> {
  for (const file of [
    config,
    ...watched.files,
    hosts || undefined,
    recursion.rootHints,
    recursion.localRoot,
  ]) {
    if (file === undefined) continue;
    await access(file, constants.R_OK).catch(() => {
      log.logger.warn({ file }, 'cannot be read without root: it will not be possible to reload');
    });
  }
}

interface Parts {
  readonly house: House;
  readonly handOver: HandOver;
  readonly resolver: ResolverThread;
  readonly prober: ProberThread;
  readonly doors: Doors;
  readonly fronts: Fronts | undefined;
  readonly ground: Ground;
  readonly monitor: Monitor;
  readonly control: ControlRoom;
}

function keep(flags: Flags, settings: Settings, reading: Reading, parts: Parts): Server {
  const { house, handOver, doors, fronts, resolver, prober, ground, monitor, control } = parts;
  const { logger } = ground.log;
  const notifier: Notifier = openNotifier(process.env, logger);
  const addresses = new AddressWatch(doors, () => house.noteAddresses(), world, logger);
  const watch: ZoneWatch = new ZoneWatch(world, () => reloader.reload('zones changed'));
  const reloader = new Reloader(
    { house, flags, world, logger, bugs: ground.bugs, notifier, watch },
    settings,
  );
  watch.follow(reading.watched, reading.prints);
  monitor.ready({ house, doors, reloader, fronts, resolver, prober });
  const { inquiries } = resolver;
  control.ready({
    ...{ inquiries, resolver, reloader, tally: house.tally },
    explainer: new Explainer(house, inquiries, prober.inquiries),
    pools: new PoolDesk(house, prober, world),
    rehearse: (asked) =>
      rehearse(asked, { ...house.served, checks: house.settings.checks, hosts: house.hosts }, world),
    status: () => statusOf({ house, doors, monitor, world }),
  });
  engineGivesWay();
  void notifier.tell('READY=1', reloader.status);
  const unwatch = notifier.watch(world, async () => house.answersItself());
  return {
    reload: () => {
      void addresses.look();
      void reloader.reload('signal');
      house.reopenLogs();
    },
    stop: async () => {
      logger.info('stopping');
      monitor.draining();
      await control.close();
      const told = notifier.tell('STOPPING=1');
      unwatch();
      watch.close();
      await addresses.close();
      const underway = (): number => (fronts?.underway ?? 0) + resolver.underway + handOver.pending;
      await doors.drain(reloader.graceMs, underway);
      await fronts?.stop();
      await Promise.all([resolver.stop(), prober.stop()]);
      await house.close();
      await monitor.close();
      await told;
    },
  };
}
