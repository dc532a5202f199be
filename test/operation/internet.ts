/**
 * A small internet on loopback for the whole server to walk: name servers made of its own rooms, each on an
 * address of its own, all on one port that the system chose. Every query they hear is noted.
 */
import { Counters } from '../../src/base/counters.ts';
import { realWorld } from '../../src/base/world.ts';
import { Doors } from '../../src/control/doors.ts';
import type { Answerer } from '../../src/transport/door.ts';
import { typeText } from '../../src/wire/codes.ts';
import { readMessage } from '../../src/wire/message.ts';
import { nameText } from '../../src/wire/name.ts';
import { catalog, pipeline } from '../support/authority.ts';

export interface Machine {
  readonly address: string;
  /** Texts by apex. */
  readonly zones: Record<string, string>;
}

export class Internet {
  /** `127.54.0.1 udp www.example.com. A`, in the order of arrival. */
  readonly heard: string[] = [];
  port = 0;
  readonly #machines: readonly Machine[];
  readonly #doors = new Map<string, Doors>();

  constructor(machines: readonly Machine[]) {
    this.#machines = machines;
  }

  async open(): Promise<void> {
    for (const { address } of this.#machines) await this.turnOn(address);
  }

  async close(): Promise<void> {
    for (const address of [...this.#doors.keys()]) await this.turnOff(address);
  }

  async turnOn(address: string): Promise<void> {
    const machine = this.#machines.find((other) => other.address === address);
    const doors = new Doors([{ address, port: this.port }], {
      answerer: this.#noting(address, pipeline(catalog(machine?.zones ?? {}))),
      world: realWorld,
      counters: new Counters(),
      tcp: {},
    });
    const { came, refused } = await doors.adjust();
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
    this.port = Number(came[0]?.split(':').at(-1));
    this.#doors.set(address, doors);
  }

  async turnOff(address: string): Promise<void> {
    const doors = this.#doors.get(address);
    this.#doors.delete(address);
    await doors?.close();
  }

  /** What was heard while `during` ran. */
  async hearing(during: () => Promise<unknown>): Promise<string[]> {
    const from = this.heard.length;
    await during();
    return this.heard.slice(from);
  }

  #noting(address: string, answerer: Answerer): Answerer {
    return {
      answer: (packet, length, client, out, send) => {
        const asked = readMessage(packet.slice(0, length))?.question;
        if (asked) {
          const name = nameText(asked.name);
          this.heard.push(`${address} ${client.transport} ${name} ${typeText(asked.type)}`);
        }
        return answerer.answer(packet, length, client, out, send);
      },
    };
  }
}
