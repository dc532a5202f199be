/**
 * An internet on loopback that does not behave: hosts that are scripts, each at an address of its own of
 * 127.N.0.0/16, over UDP and TCP at one port, a root and two registries among them, which know what was
 * delegated. What is heard is noted: who was asked what, by which transport. Resolvers ask at port 53, which
 * has to be allowed; ours can be told another port.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket as Stream } from 'node:net';
import { type Answer, decode, encode, type RecordType } from 'dns-packet';

export interface Asked {
  readonly name: string;
  readonly type: string;
  readonly via: 'udp' | 'tcp';
  readonly query: Buffer;
}

/** What a host says, in order, each so long after the question. None is silence. */
export type Said = readonly { readonly bytes: Uint8Array; readonly afterMs?: number }[] | 'reset';
export type Host = (asked: Asked) => Said;

export interface Heard {
  readonly address: string;
  readonly name: string;
  readonly via: 'udp' | 'tcp';
}

/** `[name, addresses given as glue]` */
export type Ns = readonly [string, ...string[]];

interface Sections {
  readonly rcode?: 'NOERROR' | 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED';
  readonly isTruncated?: boolean;
  readonly isReferral?: boolean;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const TTL = 3_600;
const ROOT_SERVER = 'a.root-servers.test';

/** One message; over UDP the beginning of it, with TC, where it is larger than the asker takes. */
export function reply({ query, via }: Asked, sections: Sections): Said {
  const { rcode = 'NOERROR', isTruncated = false, isReferral = false } = sections;
  const asked = decode(query);
  const flags = 0x8000 | (isReferral ? 0 : 0x400) | (isTruncated ? 0x200 : 0) | RCODES[rcode];
  const base = { type: 'response', id: asked.id ?? 0, questions: asked.questions ?? [] } as const;
  const { answers = [], authorities = [], additionals = [] } = sections;
  const lists = { answers: [...answers], authorities: [...authorities], additionals: [...additionals] };
  const whole = encode({ ...base, ...lists, flags });
  const opt = asked.additionals?.find((record) => record.type === 'OPT');
  const room = via === 'tcp' ? 65_535 : opt?.type === 'OPT' ? opt.udpPayloadSize : 512;
  return [{ bytes: whole.length <= room ? whole : encode({ ...base, flags: flags | 0x200 }) }];
}

export const a = (name: string, data: string): Answer => ({ type: 'A', name, ttl: TTL, data });
export const cname = (name: string, data: string): Answer => ({ type: 'CNAME', name, ttl: TTL, data });

export const soa = (name: string): Answer => ({
  ...{ type: 'SOA', name, ttl: 60 },
  data: { mname: 'ns', rname: 'host', serial: 1, refresh: 3_600, retry: 600, expire: 86_400, minimum: 60 },
});

export const nodata = (asked: Asked, zone: string): Said => reply(asked, { authorities: [soa(zone)] });

export const nxdomain = (asked: Asked, zone: string): Said =>
  reply(asked, { rcode: 'NXDOMAIN', authorities: [soa(zone)] });

/** The address for whoever asks for one, and for everything else that there is nothing. */
export const addressed = (asked: Asked, zone: string, address: string): Said =>
  asked.type === 'A' ? reply(asked, { answers: [a(asked.name, address)] }) : nodata(asked, zone);

export function referral(asked: Asked, cut: string, servers: readonly Ns[]): Said {
  const authorities = servers.map(([data]): Answer => ({ type: 'NS', name: cut, ttl: TTL, data }));
  const additionals = servers.flatMap(([name, ...glue]) => glue.map((address) => a(name, address)));
  return reply(asked, { isReferral: true, authorities, additionals });
}

/** A name that resolves: a registry's own server. */
export const WILD_QUESTION = 'ns.nic.com';

const isWithin = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

export class WildInternet {
  readonly heard: Heard[] = [];
  readonly #net: number;
  readonly #hosts = new Map<string, Host>();
  readonly #delegated = new Map<string, readonly Ns[]>();
  readonly #closing: (() => void)[] = [];
  port = 0;
  /** Nothing of it answers, nor is heard. */
  isDown = false;

  private constructor(net: number) {
    this.#net = net;
  }

  /** Rejects where the port may not be bound; 0 is one that the system chooses. */
  static async open(net: number, port: number): Promise<WildInternet> {
    const internet = new WildInternet(net);
    internet.port = port;
    try {
      const registry = { com: internet.address(1, 2), net: internet.address(1, 3) };
      await internet.put(internet.root, (asked) => internet.#asRoot(asked, registry));
      for (const [zone, address] of Object.entries(registry)) {
        await internet.put(address, (asked) => internet.#asRegistry(asked, zone));
      }
    } catch (error) {
      internet.close();
      throw error;
    }
    return internet;
  }

  get root(): string {
    return this.address(1, 1);
  }

  /** As a file of root hints. */
  get hints(): string {
    return `. 3600000 NS ${ROOT_SERVER}.\n${ROOT_SERVER}. 3600000 A ${this.root}\n`;
  }

  address(group: number, member: number): string {
    return `127.${this.#net}.${group}.${member}`;
  }

  delegate(zone: string, servers: readonly Ns[]): void {
    this.#delegated.set(zone, servers);
  }

  /** A host at this address, or another in its place. */
  async put(address: string, host: Host): Promise<void> {
    const isThere = this.#hosts.has(address);
    this.#hosts.set(address, host);
    if (isThere) return;
    const udp = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }).bind(this.port, address);
    this.#closing.push(() => udp.close());
    await once(udp, 'listening');
    this.port = (udp.address() as AddressInfo).port;
    udp.on('message', (query, from) => this.#hear(address, query, udp, from));
    const tcp = createServer((stream) => this.#accept(address, stream)).listen(this.port, address);
    this.#closing.push(() => tcp.close());
    await once(tcp, 'listening');
    tcp.on('error', () => undefined);
  }

  close(): void {
    for (const close of this.#closing.splice(0)) close();
  }

  #hear(address: string, query: Buffer, udp: Socket, from: RemoteInfo): void {
    const said = this.#ask(address, query, 'udp');
    if (said === 'reset') return;
    for (const { bytes, afterMs = 0 } of said) {
      const send = (): void => udp.send(bytes, from.port, from.address, () => undefined);
      if (afterMs === 0) send();
      else this.#later(afterMs, send);
    }
  }

  #later(ms: number, send: () => void): void {
    setTimeout(() => {
      try {
        send();
      } catch {
        // It was closed meanwhile.
      }
    }, ms).unref();
  }

  #accept(address: string, stream: Stream): void {
    let bytes = Buffer.alloc(0);
    stream.on('error', () => undefined);
    this.#closing.push(() => stream.destroy());
    stream.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (; bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(); ) {
        const length = bytes.readUInt16BE();
        const said = this.#ask(address, bytes.subarray(2, 2 + length), 'tcp');
        bytes = bytes.subarray(2 + length);
        if (said === 'reset') return void stream.resetAndDestroy();
        for (const { bytes: answer, afterMs = 0 } of said) {
          const framed = Buffer.concat([Buffer.of(answer.length >> 8, answer.length & 0xff), answer]);
          setTimeout(() => stream.write(framed), afterMs).unref();
        }
      }
    });
  }

  #ask(address: string, query: Buffer, via: 'udp' | 'tcp'): Said {
    const question = decode(query).questions?.[0];
    if (question === undefined || this.isDown) return [];
    const name = question.name === '.' ? '' : question.name.toLowerCase();
    this.heard.push({ address, name, via });
    const host = this.#hosts.get(address) as Host;
    return host({ name, type: question.type, via, query });
  }

  #asRoot(asked: Asked, registry: Readonly<Record<string, string>>): Said {
    if (asked.name === '') {
      const answers: Answer[] = [
        { type: 'NS' as RecordType & 'NS', name: '', ttl: 86_400, data: ROOT_SERVER },
      ];
      return asked.type === 'NS'
        ? reply(asked, { answers, additionals: [a(ROOT_SERVER, this.root)] })
        : nodata(asked, '');
    }
    if (asked.name === ROOT_SERVER) return addressed(asked, '', this.root);
    const zone = Object.keys(registry).find((tld) => isWithin(asked.name, tld));
    if (zone === undefined) return nxdomain(asked, '');
    return referral(asked, zone, [[`ns.nic.${zone}`, registry[zone] as string]]);
  }

  #asRegistry(asked: Asked, zone: string): Said {
    const own = `ns.nic.${zone}`;
    if (asked.name === own) return addressed(asked, zone, this.address(1, zone === 'com' ? 2 : 3));
    if (asked.name === zone) {
      const answers: Answer[] = [{ type: 'NS', name: zone, ttl: TTL, data: own }];
      return asked.type === 'NS' ? reply(asked, { answers }) : nodata(asked, zone);
    }
    const cut = [...this.#delegated.keys()].find(
      (name) => isWithin(name, zone) && isWithin(asked.name, name),
    );
    if (cut === undefined) return nxdomain(asked, zone);
    return referral(asked, cut, this.#delegated.get(cut) as readonly Ns[]);
  }
}
