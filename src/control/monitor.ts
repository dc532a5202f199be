/**
 * Knows how the server stands, and tells it over HTTP where that is wanted: from before the zones are read,
 * when it is alive and not ready, to the end of draining.
 */
import type { Listen } from '../transport/addresses.ts';
import { listenText } from '../transport/addresses.ts';
import type { Doors, Refusal } from './doors.ts';
import type { Fronts } from './fronts.ts';
import type { Ground, House } from './house.ts';
import type { HttpDoor } from './http.ts';
import { metricsText, type Standing } from './metrics.ts';
import { poolStandings } from './pool-standings.ts';
import type { ProberThread } from './prober-thread.ts';
import type { Reloader } from './reload.ts';
import type { ResolverThread } from './resolver-thread.ts';

export interface Watched {
  readonly house: Pick<House, 'catalog' | 'answersItself' | 'ruleStandings' | 'hosts' | 'places'>;
  readonly doors: Pick<Doors, 'connections'>;
  readonly reloader: Pick<Reloader, 'last'>;
  /** Undefined where this thread reads datagrams itself. */
  readonly fronts: Pick<Fronts, 'alive'> | undefined;
  readonly resolver: Pick<ResolverThread, 'standing'>;
  readonly prober: Pick<ProberThread, 'standing' | 'probeTimes'>;
}

export class Monitor {
  readonly #ground: Pick<Ground, 'counters' | 'latency'>;
  #watched: Watched | undefined;
  #phase: 'starting' | 'ready' | 'draining' = 'starting';
  #door: HttpDoor | undefined;

  constructor(ground: Pick<Ground, 'counters' | 'latency'>) {
    this.#ground = ground;
  }

  /** Gives what the system refused. */
  async open(listen: Listen): Promise<Refusal | undefined> {
    // Node's HTTP brings half of what a browser is, a sixth of the time of a start.
    const { openHttp } = await import('./http.ts');
    const door = await openHttp(listen, {
      metrics: () => this.metrics(),
      isAlive: () => this.#watched === undefined || this.#watched.house.answersItself(),
      isReady: () => this.isReady,
    });
    if ('code' in door) return door;
    this.#door = door;
    return undefined;
  }

  /** Where it tells, if it does. */
  get address(): string | undefined {
    return this.#door && listenText(this.#door.address);
  }

  get isReady(): boolean {
    return this.#phase === 'ready';
  }

  metrics(): string {
    const { counters, latency } = this.#ground;
    return metricsText({
      counts: () => counters.record(),
      latency: (row) => latency.row(row),
      standing: () => this.standing,
      isReady: () => this.isReady,
    });
  }

  /** Undefined until zones are loaded and doors are open. */
  get standing(): Standing | undefined {
    if (this.#watched === undefined) return undefined;
    const { house, doors, reloader, fronts, resolver, prober } = this.#watched;
    return {
      catalog: house.catalog,
      resolver: resolver.standing,
      rules: house.ruleStandings,
      hosts: house.hosts.standing(house.catalog.images),
      pools: poolStandings(house.catalog.images),
      places: house.places,
      health: { ...prober.standing, probeTime: (row) => prober.probeTimes.row(row) },
      frontThreads: fronts?.alive ?? 0,
      tcpConnections: doors.connections,
      reload: reloader.last,
    };
  }

  /** From now on queries are answered. */
  ready(watched: Watched): void {
    this.#watched = watched;
    this.#phase = 'ready';
  }

  /** From now on it answers what is in hand. */
  draining(): void {
    this.#phase = 'draining';
  }

  async close(): Promise<void> {
    await this.#door?.close();
    this.#door = undefined;
  }
}
