/** A batch looked over: names in the order of the batch, and answers that nobody could tell from others. */
import { describe, expect, test } from 'vitest';
import { UDP_BATCH_MAX } from '../../src/base/limits.ts';
import { Foresight } from '../../src/server/foresight.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { readMessage } from '../../src/wire/message.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { catalog, client, exchange, lines, pipeline, queryFor, SOA_AND_NS } from '../support/authority.ts';

const zoneWith = (address: string) =>
  catalog({
    'own.': `$TTL 60
${SOA_AND_NS}
www A ${address}
alias CNAME www
*.wild A ${address}
sub NS ns.sub
ns.sub A ${address}
`,
    'other.': `$TTL 60\n${SOA_AND_NS}\nwww A ${address}\n`,
  });
const zones = zoneWith('192.0.2.1');

const lengthsOf = (packets: readonly Uint8Array[]): Uint16Array =>
  Uint16Array.from(packets, ({ length }) => length);

const foresee = (subject: Pipeline, packets: readonly Uint8Array[]): void =>
  subject.foresee(packets, lengthsOf(packets), packets.length);

const changed = (packet: Uint8Array, at: number, byte: number): Uint8Array => {
  packet[at] = byte;
  return packet;
};

/** Well formed and not, ours and not, with and without an answer. */
const batch = (): Uint8Array[] => [
  queryFor('www.own. A'),
  queryFor('WWW.own. AAAA'),
  changed(queryFor('www.own. A'), 12, 0xc0), // A pointer to nowhere.
  queryFor('alias.own. A', { udpSize: 1232 }),
  changed(queryFor('www.own. A'), 2, 0x80), // A response.
  new Uint8Array(5),
  changed(queryFor('www.own. A'), 2, 0x28), // An update.
  queryFor('a.b.wild.own. A'),
  changed(queryFor('www.own. A'), 5, 0), // No question.
  queryFor('nowhere.own. A'),
  queryFor('x.sub.own. A'),
  queryFor('www.strange. A'),
  queryFor('own. DS'),
  queryFor('. NS'),
  queryFor('www.other. A').subarray(0, 20),
  queryFor('www.other. A'),
];

describe('a batch that was foreseen', () => {
  test('is answered as if it had not been, byte for byte', () => {
    const [foreseeing, plain] = [pipeline(zones), pipeline(zones)];
    const packets = batch();
    foresee(foreseeing, packets);
    const answers = packets.map((packet) => exchange(foreseeing, packet));
    expect(answers).toEqual(batch().map((packet) => exchange(plain, packet)));
    expect(answers.filter((answer) => answer !== undefined).length).toBeGreaterThan(packets.length / 2);
  });

  test('may come again and again in the same memory', () => {
    const subject = pipeline(zones);
    const packet = queryFor('www.own. A');
    for (let turn = 0; turn < 3; turn++) {
      foresee(subject, [packet]);
      expect(readMessage(exchange(subject, packet) ?? expect.fail('silence'))?.answer).toHaveLength(1);
    }
  });

  test('may be answered in part: who asks from nowhere is left out', () => {
    const [foreseeing, plain] = [pipeline(zones), pipeline(zones)];
    const packets = batch();
    foresee(foreseeing, packets);
    for (const [i, packet] of packets.entries()) {
      if (i % 3 > 0) expect(exchange(foreseeing, packet), `packet ${i}`).toEqual(exchange(plain, packet));
    }
  });

  test('is answered from the zones published meanwhile', () => {
    const subject = pipeline(zones);
    const packet = queryFor('www.own. A');
    foresee(subject, [packet]);
    subject.publish(zoneWith('192.0.2.2'));
    const answer = readMessage(exchange(subject, packet) ?? expect.fail('silence'));
    expect(lines(answer ?? expect.fail('malformed'))).toContain('an www.own. 60 IN A 192.0.2.2');
  });

  test('by a mistake of ours not wholly is told, and answered as if it had not been', () => {
    const bugs: unknown[] = [];
    const broken = new Catalog(zones.images);
    const find = broken.find.bind(broken);
    let untilPlanted = Number.POSITIVE_INFINITY;
    broken.find = (...asked) => {
      if (--untilPlanted === 0) throw new Error('planted');
      return find(...asked);
    };
    const subject = pipeline(broken, { onBug: (bug) => bugs.push(bug) });
    const packets = ['www.own. A', 'alias.own. A', 'nowhere.own. A'].map((each) => queryFor(each));
    foresee(subject, packets);
    for (const packet of packets) exchange(subject, packet);
    // In the same memory: what was foreseen of the batch before is nothing of this one.
    for (const [i, each] of ['a.wild.own. A', 'www.own. AAAA', 'www.own. A'].entries()) {
      packets[i]?.set(queryFor(each).subarray(0, packets[i]?.length));
    }
    untilPlanted = 2;
    foresee(subject, packets);
    expect(bugs).toHaveLength(1);
    for (const packet of packets)
      expect(exchange(subject, packet)).toEqual(exchange(pipeline(zones), packet));
  });

  test('leaves a query beside it alone', () => {
    const subject = pipeline(zones);
    foresee(subject, [queryFor('nowhere.own. A')]);
    const out = new Uint8Array(65_535);
    const packet = queryFor('www.own. A');
    const length = subject.answer(packet, packet.length, client(), out, () => undefined);
    expect(readMessage(out.slice(0, length))?.answer).toHaveLength(1);
  });
});

describe('names', () => {
  const foresight = new Foresight();
  const asked = (text: string): Uint8Array => queryFor(`${text} A`);
  const text = (packet: Uint8Array): string | undefined => {
    const name = foresight.take(packet);
    return name && Buffer.from(name.bytes.subarray(0, name.length)).toString('latin1');
  };

  test('are given once each, those before them passed over', () => {
    const packets = ['a.own.', 'B.own.', 'c.strange.'].map(asked);
    foresight.look(zones, packets, lengthsOf(packets), packets.length);
    const [first, second, third] = packets as [Uint8Array, Uint8Array, Uint8Array];
    expect(text(second)).toBe('\x01b\x03own\0');
    expect(text(second)).toBeUndefined();
    expect(text(first)).toBeUndefined();
    foresight.look(zones, packets, lengthsOf(packets), packets.length);
    expect([first, second, third].map(text)).toEqual([
      '\x01a\x03own\0',
      '\x01b\x03own\0',
      '\x01c\x07strange\0',
    ]);
  });

  test('are of the batch looked at last, and of as many as a batch may have', () => {
    const packets = Array.from({ length: UDP_BATCH_MAX + 1 }, (_, i) => asked(`n${i}.own.`));
    foresight.look(zones, packets, lengthsOf(packets), packets.length);
    expect(text(packets[UDP_BATCH_MAX - 1] as Uint8Array)).toBe(`\x03n${UDP_BATCH_MAX - 1}\x03own\0`);
    expect(text(packets[UDP_BATCH_MAX] as Uint8Array)).toBeUndefined();
    foresight.look(zones, packets, lengthsOf(packets), 1);
    expect([packets[0], packets[1]].map((packet) => text(packet as Uint8Array))).toEqual([
      '\x02n0\x03own\0',
      undefined,
    ]);
  });
});
