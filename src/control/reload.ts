/**
 * A reload reads everything anew and takes all of it or nothing: on any error the server keeps what it has,
 * and every complaint is logged. One runs at a time; what is asked for meanwhile is one more run.
 */
import type { World } from '../base/world.ts';
import { countRules } from '../rules/loader.ts';
import { type Complaint, hasErrors } from '../zone/complaint.ts';
import type { BugLog } from './bugs.ts';
import { type Configured, configure, type Flags } from './config.ts';
import type { House } from './house.ts';
import { countFrom, readAll } from './load.ts';
import { type Logger, logComplaints } from './log.ts';
import type { LastReload } from './metrics.ts';
import { type Notifier, reloadingAssignments } from './notify.ts';
import type { Settings } from './settings.ts';
import type { ZoneWatch } from './watch.ts';

/** A signal reads the configuration again; a changed zone does not wait for a configuration being edited. */
export type Why = 'signal' | 'zones changed';

export interface Reloadable {
  readonly house: House;
  readonly flags: Flags;
  readonly world: World;
  readonly logger: Logger;
  readonly bugs: BugLog;
  readonly notifier: Notifier;
  readonly watch: Pick<ZoneWatch, 'follow'>;
}

export class Reloader {
  readonly #on: Reloadable;
  #settings: Settings;
  #running: Promise<void> | undefined;
  #next: Why | undefined;
  #last: LastReload | undefined;

  constructor(on: Reloadable, settings: Settings) {
    this.#on = on;
    this.#settings = settings;
  }

  /** Resolves when nothing is left to reload. */
  reload(why: Why): Promise<void> {
    if (this.#next !== 'signal') this.#next = why;
    this.#running ??= this.#runAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #runAll(): Promise<void> {
    for (let why = this.#next; why !== undefined; why = this.#next) {
      this.#next = undefined;
      await this.#run(why);
    }
  }

  async #run(why: Why): Promise<void> {
    const { notifier, bugs } = this.#on;
    void notifier.tell(...reloadingAssignments());
    const isTaken = await this.#on.house.zones
      .exclusively(() => this.#readAndApply(why))
      .catch((bug) => {
        bugs.tell(bug, { during: 'reload' });
        return false;
      });
    this.#last = { wallSeconds: this.#on.world.wallSeconds(), isTaken };
    void notifier.tell('READY=1', this.status);
  }

  /** Whether what was read is served now. */
  async #readAndApply(why: Why): Promise<boolean> {
    const { house, world, logger, watch } = this.#on;
    const beganMs = world.nowMs();
    const { settings, complaints: configComplaints } = await this.#configure(why);
    const complaints = [...configComplaints];
    let unchanged = 0;
    if (settings !== undefined) {
      const reading = await readAll(settings, house.served);
      complaints.push(...reading.complaints);
      watch.follow(reading.watched, reading.prints);
      if (reading.loadout !== undefined) {
        const late = await house.apply(settings, reading.loadout);
        this.#settings = settings;
        unchanged = countFrom('served', reading.loadout.zones);
        for (const key of late) logger.warn({ key }, 'a changed setting waits for a restart');
      }
    }
    this.#tell(why, complaints, unchanged, world.nowMs() - beganMs);
    return !hasErrors(complaints);
  }

  async #configure(why: Why): Promise<Pick<Configured, 'settings' | 'complaints'>> {
    return why === 'signal' ? configure(this.#on.flags) : { settings: this.#settings, complaints: [] };
  }

  #tell(why: Why, complaints: readonly Complaint[], unchanged: number, ms: number): void {
    const { house, logger } = this.#on;
    logComplaints(logger, complaints);
    const errors = complaints.filter((complaint) => hasErrors([complaint])).length;
    if (errors > 0) {
      logger.error({ why, errors }, 'reload refused: what was served before is served on');
      return;
    }
    const { zoneCount: zones, recordCount: records } = house.catalog;
    const rules = countRules(house.served.rules);
    logger.info(
      { why, zones, records, ...(rules > 0 ? { rules } : {}), unchanged, ms: Math.round(ms) },
      'reloaded',
    );
  }

  get last(): LastReload | undefined {
    return this.#last;
  }

  get graceMs(): number {
    return this.#settings.graceMs;
  }

  /** For `systemctl status`. */
  get status(): string {
    const { zoneCount, recordCount } = this.#on.house.catalog;
    return `STATUS=zones: ${zoneCount}, records: ${recordCount}`;
  }
}
