import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECK_JITTER, PROBE_MOMENT_MS } from '../../src/base/limits.ts';
import { Agenda } from '../../src/health/agenda.ts';
import { type Probed, Rounds } from '../../src/health/rounds.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';

test('an agenda gives who is next', () => {
  const step = fc.option(fc.integer({ min: 0, max: 50 }), { freq: 2 });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const agenda = new Agenda<number>();
      const model: number[] = [];
      for (const time of steps) {
        if (time !== null) {
          agenda.add(time, time);
          model.push(time);
        } else if (model.length > 0) expect(agenda.take()).toBe(model.shift());
        model.sort((a, b) => a - b);
        expect(agenda.nextMs).toBe(model[0] ?? Infinity);
      }
    }),
  );
});

class Patient implements Probed {
  readonly world: VirtualWorld;
  readonly intervalMs: number;
  readonly tookMs: number;
  readonly begins: number[] = [];
  static underway = 0;
  static most = 0;
  dueMs = 0;

  constructor(world: VirtualWorld, intervalMs = 1_000, tookMs = 5) {
    this.world = world;
    this.intervalMs = intervalMs;
    this.tookMs = tookMs;
  }

  probe(ended: () => void): () => void {
    this.begins.push(this.world.nowMs());
    Patient.most = Math.max(Patient.most, ++Patient.underway);
    const end = (): void => {
      Patient.underway--;
    };
    const cancel = this.world.after(this.tookMs, () => {
      end();
      ended();
    });
    return () => {
      end();
      cancel();
    };
  }
}

const bounds = { perSecond: 1_000, atOnce: 100 };

function rounds(over: Partial<typeof bounds> = {}) {
  const world = new VirtualWorld();
  Patient.underway = 0;
  Patient.most = 0;
  return { world, rounds: new Rounds(world, { ...bounds, ...over }) };
}

test('each is probed at once, soon again, and then once per interval', async () => {
  const { world, rounds: all } = rounds();
  const patient = new Patient(world);
  all.add(patient);
  await world.pass(60_000);
  const gaps = patient.begins.slice(1).map((at, i) => at - (patient.begins[i] as number));
  expect(patient.begins[0]).toBe(1_000);
  expect(gaps[0]).toBeLessThanOrEqual(1_000 * (1 + CHECK_JITTER) + PROBE_MOMENT_MS);
  for (const gap of gaps.slice(1)) {
    expect(gap).toBeGreaterThanOrEqual(1_000 * (1 - CHECK_JITTER));
    expect(gap).toBeLessThanOrEqual(1_000 * (1 + CHECK_JITTER) + PROBE_MOMENT_MS);
  }
  expect(new Set(gaps).size).toBeGreaterThan(5);
  all.close();
  expect(world.alarms).toBe(0);
});

test('those that came together are spread over the interval', async () => {
  const { world, rounds: all } = rounds({ perSecond: 100_000, atOnce: 10_000 });
  const patients = Array.from({ length: 500 }, () => new Patient(world, 10_000));
  for (const patient of patients) all.add(patient);
  await world.pass(40_000);
  const begins = patients.flatMap((patient) => patient.begins).filter((at) => at >= 25_000 && at < 35_000);
  const perSecond = Array.from(
    { length: 10 },
    (_, i) => begins.filter((at) => Math.floor(at / 1_000) === 25 + i).length,
  );
  expect(begins.length).toBeGreaterThan(450);
  for (const count of perSecond) expect(count).toBeLessThan(100);
});

test('no more begin in a second than are allowed, and all have their turn', async () => {
  const { world, rounds: all } = rounds({ perSecond: 50 });
  const patients = Array.from({ length: 200 }, () => new Patient(world));
  for (const patient of patients) all.add(patient);
  expect(all.late).toBeGreaterThan(190);
  await world.pass(20_000);
  const begins = patients.flatMap((patient) => patient.begins);
  expect(begins.length).toBeLessThanOrEqual(20 * 50 + 5);
  expect(begins.length).toBeGreaterThan(20 * 50 * 0.95);
  for (const patient of patients) expect(patient.begins.length).toBeGreaterThanOrEqual(4);
});

test('no more are under way than are allowed', async () => {
  const { world, rounds: all } = rounds({ atOnce: 3 });
  const patients = Array.from({ length: 20 }, () => new Patient(world, 1_000, 100));
  for (const patient of patients) all.add(patient);
  expect(all.underway).toBe(3);
  await world.pass(5_000);
  expect(Patient.most).toBe(3);
  for (const patient of patients) expect(patient.begins.length).toBeGreaterThan(4);
  all.reconfigure({ ...bounds, atOnce: 20 });
  await world.pass(5_000);
  expect(Patient.most).toBeGreaterThan(3);
});

test('who is removed is not probed any more, wherever it was, and makes room', async () => {
  const { world, rounds: all } = rounds({ atOnce: 1 });
  const [hanging, waiting, other] = [new Patient(world, 1_000, 900), new Patient(world), new Patient(world)];
  for (const patient of [hanging, waiting, other]) all.add(patient);
  all.remove(waiting);
  all.remove(hanging);
  await world.pass(3_500);
  expect([hanging, waiting].map(({ begins }) => begins.length)).toEqual([1, 0]);
  expect(other.begins.length).toBeGreaterThan(2);
  all.remove(other);
  const { length } = other.begins;
  await world.pass(3_000);
  expect(other.begins.length).toBe(length);
  expect(Patient.underway).toBe(0);
});

test('who is removed and comes back is probed as often as everybody', async () => {
  const { world, rounds: all } = rounds();
  const patient = new Patient(world);
  for (let i = 0; i < 5; i++) {
    all.add(patient);
    await world.pass(100);
    all.remove(patient);
  }
  all.add(patient);
  const { length } = patient.begins;
  await world.pass(10_000);
  expect(patient.begins.length - length).toBeLessThanOrEqual(12);
});
