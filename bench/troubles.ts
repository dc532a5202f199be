/**
 * What goes wrong on the internet, and on purpose: for each trouble a corner of a wild internet, what a
 * client asks, and how far a good resolver lets it go (our pass line, docs/LIMITS.md). The numbers of packets
 * are those that arrive at servers, look-ups of their names and retries included.
 */
import { encode } from 'dns-packet';
import {
  type Asked,
  a,
  addressed,
  cname,
  type Heard,
  type Host,
  type Ns,
  nodata,
  nxdomain,
  referral,
  reply,
  type Said,
  type WildInternet,
} from './wild.ts';

/** How one question ended for the client: a code, or nothing in the time a client waits. */
export interface Ended {
  readonly rcode: string;
  readonly addresses: readonly string[];
  readonly ms: number;
}

export interface Course {
  readonly ends: readonly Ended[];
  readonly heard: readonly Heard[];
}

export interface Trouble {
  readonly what: string;
  /** What is measured, in few words. */
  readonly told: (course: Course) => string;
  readonly passLine: string;
  readonly isPassed: (course: Course) => boolean;
  readonly build: (internet: WildInternet) => Promise<void>;
  /** Names, asked one after the other, so long apart. */
  readonly names: readonly string[];
  readonly everyMs?: number;
}

const times = <T>(count: number, each: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => each(i));

const total = ({ heard }: Course): number => heard.length;
const at = ({ heard }: Course, group: number): number =>
  heard.filter(({ address }) => address.split('.')[2] === String(group)).length;
const over = ({ heard }: Course, via: 'udp' | 'tcp'): number => heard.filter((one) => one.via === via).length;
const last = ({ ends }: Course): Ended => ends.at(-1) as Ended;
const seconds = ({ ms }: Ended): string => `${(ms / 1_000).toFixed(1)} s`;
const isFailed = (course: Course): boolean => last(course).rcode === 'SERVFAIL';

/** Groups of addresses: who suffers, and what everybody may ask. */
const VICTIM = 2;
const GOOD = 3;
const GOOD_ADDRESS = '192.0.2.80';

/** What is well, and stays so: a zone with one server, asked by every resolver before the troubles begin. */
export async function buildGood(internet: WildInternet): Promise<void> {
  for (const [member, zone] of ['good.com', 'good.net'].entries()) {
    const server = internet.address(GOOD, member + 1);
    internet.delegate(zone, [[`ns.${zone}`, server]]);
    await internet.put(server, (asked) =>
      asked.name === `ns.${zone}` ? addressed(asked, zone, server) : addressed(asked, zone, GOOD_ADDRESS),
    );
  }
}
export const GOOD_NAMES = ['www.good.com', 'www.good.net'];

/** A zone with one server, or several of one mind. */
async function zone(
  internet: WildInternet,
  apex: string,
  group: number,
  host: Host,
  servers = 1,
): Promise<void> {
  const ns = times(servers, (i): Ns => [`ns${i}.${apex}`, internet.address(group, i + 1)]);
  internet.delegate(apex, ns);
  for (const [name, address] of ns) {
    await internet.put(address as string, (asked) =>
      asked.name === name ? addressed(asked, apex, address as string) : host(asked),
    );
  }
}

const isBelow = (name: string, apex: string): boolean => name.endsWith(`.${apex}`);
const lastLabels = (name: string, count: number): string => name.split('.').slice(-count).join('.');

/** Each name below it is in a zone of its own, whose hundred servers are a victim's. */
const nxns = async (internet: WildInternet): Promise<void> => {
  await zone(internet, 'victim.net', VICTIM, (asked) => nxdomain(asked, 'victim.net'));
  await zone(internet, 'nxns.com', 4, (asked) =>
    isBelow(asked.name, 'nxns.com')
      ? referral(
          asked,
          lastLabels(asked.name, 3),
          times(100, (i): Ns => [`${lastLabels(asked.name, 3).split('.')[0]}-${i}.victim.net`]),
        )
      : nodata(asked, 'nxns.com'),
  );
};

/** What comes instead of the right answer, which comes, too. */
type Wrong = (asked: Asked, right: Buffer) => Uint8Array;

function firstWrong(apex: string, wrong: Wrong): Host {
  return (asked) => {
    const right = addressed(asked, apex, GOOD_ADDRESS);
    if (right === 'reset' || asked.via === 'tcp') return right;
    const bytes = Buffer.from(right[0]?.bytes ?? []);
    return [{ bytes: wrong(asked, bytes) }, { bytes, afterMs: 60 }];
  };
}

const wrongFirst = (what: string, apex: string, group: number, wrong: Wrong): Trouble => ({
  what,
  told: (course) => (last(course).addresses.includes(GOOD_ADDRESS) ? 'right answer' : last(course).rcode),
  passLine: 'right answer',
  isPassed: (course) => last(course).addresses.includes(GOOD_ADDRESS),
  build: (internet) => zone(internet, apex, group, firstWrong(apex, wrong)),
  names: [`www.${apex}`],
});

const packets = (course: Course): string => `${total(course)} packets, ${last(course).rcode}`;

export const TROUBLES: readonly Trouble[] = [
  {
    what: 'NXNSAttack: 100 servers without address, all a victim’s',
    told: (course) => `${total(course)} packets, ${at(course, VICTIM)} at the victim`,
    passLine: '≤ 12, ≤ 8',
    isPassed: (course) => total(course) <= 12 && at(course, VICTIM) <= 8,
    build: nxns,
    names: ['www.s0.nxns.com'],
  },
  {
    what: 'the same by ten names',
    told: (course) => `${at(course, VICTIM)} at the victim`,
    passLine: '≤ 80',
    isPassed: (course) => at(course, VICTIM) <= 80,
    build: nxns,
    names: times(10, (i) => `www.s${i + 1}.nxns.com`),
  },
  {
    what: 'NRDelegation: 100 servers that are silent',
    told: (course) => `${total(course)} packets, ${last(course).rcode} after ${seconds(last(course))}`,
    passLine: '≤ 20, answer ≤ 8 s',
    isPassed: (course) => total(course) <= 20 && isFailed(course) && last(course).ms <= 8_000,
    build: async (internet) => {
      const dead = times(100, (i) => internet.address(6, i + 1));
      for (const address of dead) await internet.put(address, () => []);
      await zone(internet, 'silent.net', 5, (asked) =>
        addressed(asked, 'silent.net', dead[Number(/^h(\d+)\./.exec(asked.name)?.[1] ?? 0)] as string),
      );
      await zone(internet, 'nr.com', 7, (asked) =>
        isBelow(asked.name, 'nr.com')
          ? referral(
              asked,
              's.nr.com',
              times(100, (i): Ns => [`h${i}.silent.net`]),
            )
          : nodata(asked, 'nr.com'),
      );
    },
    names: ['www.s.nr.com'],
  },
  {
    what: 'CNAMEs without end',
    told: packets,
    passLine: '≤ 14, SERVFAIL',
    isPassed: (course) => total(course) <= 14 && isFailed(course),
    build: (internet) =>
      zone(internet, 'chain.com', 8, (asked) => {
        const step = Number(/^c(\d+)\./.exec(asked.name)?.[1] ?? 0);
        return reply(asked, { answers: [cname(asked.name, `c${step + 1}.chain.com`)] });
      }),
    names: ['c0.chain.com'],
  },
  {
    what: 'two CNAMEs in a circle',
    told: packets,
    passLine: '≤ 5',
    isPassed: (course) => total(course) <= 5,
    build: (internet) =>
      zone(internet, 'loop.com', 9, (asked) =>
        reply(asked, {
          answers: [cname(asked.name, asked.name === 'a.loop.com' ? 'b.loop.com' : 'a.loop.com')],
        }),
      ),
    names: ['a.loop.com'],
  },
  {
    what: 'tsuNAME: two zones that need each other, ten questions in 5 s',
    told: packets,
    passLine: '≤ 12',
    isPassed: (course) => total(course) <= 12,
    build: async (internet) => {
      internet.delegate('egg.com', [['ns.hen.net']]);
      internet.delegate('hen.net', [['ns.egg.com']]);
    },
    names: times(10, () => 'www.egg.com'),
    everyMs: 500,
  },
  {
    what: 'ten servers at the same 20 addresses, which refuse',
    told: packets,
    passLine: '≤ 14',
    isPassed: (course) => total(course) <= 14,
    build: async (internet) => {
      const addresses = times(20, (i) => internet.address(10, i + 1));
      for (const address of addresses) {
        await internet.put(address, (asked) => reply(asked, { rcode: 'REFUSED' }));
      }
      internet.delegate(
        'same.com',
        times(10, (i): Ns => [`ns${i}.same.com`, ...addresses]),
      );
    },
    names: ['www.same.com'],
  },
  {
    what: 'CAMP: a chain of aliases, each link in a zone with ten servers, nine of which are not',
    told: packets,
    passLine: '≤ 90',
    isPassed: (course) => total(course) <= 90,
    build: async (internet) => {
      await zone(internet, 'away.net', VICTIM + 10, (asked) =>
        asked.name.startsWith('x9-')
          ? addressed(asked, 'away.net', internet.address(11, 1))
          : nxdomain(asked, 'away.net'),
      );
      await zone(internet, 'camp.com', 11, (asked) => {
        const [, link = ''] = /^c\.s(\d+)\.camp\.com$/.exec(asked.name) ?? [];
        if (link !== '')
          return reply(asked, { answers: [cname(asked.name, `c.s${Number(link) + 1}.camp.com`)] });
        return nodata(asked, 'camp.com');
      });
      const own = internet.address(11, 2);
      await internet.put(own, (asked) => {
        const cut = lastLabels(asked.name, 3);
        const [, link = ''] = /^s(\d+)\./.exec(cut) ?? [];
        if (link === '') return nodata(asked, 'camp.com');
        return referral(
          asked,
          cut,
          times(10, (i): Ns => [`x${i}-${link}.away.net`]),
        );
      });
      internet.delegate('camp.com', [['ns.camp.com', own]]);
    },
    names: ['c.s0.camp.com'],
  },
  {
    what: 'two servers that say SERVFAIL, one question ten times in 3 s',
    told: packets,
    passLine: '≤ 4',
    isPassed: (course) => total(course) <= 4,
    build: (internet) =>
      zone(internet, 'servfail.com', 13, (asked) => reply(asked, { rcode: 'SERVFAIL' }), 2),
    names: times(10, () => 'www.servfail.com'),
    everyMs: 300,
  },
  {
    what: 'both servers silent',
    told: (course) => `${total(course)} packets, ${last(course).rcode} after ${seconds(last(course))}`,
    passLine: '≤ 8, answer ≤ 8 s',
    isPassed: (course) => total(course) <= 8 && isFailed(course) && last(course).ms <= 8_000,
    build: async (internet) => {
      for (const member of [1, 2]) await internet.put(internet.address(14, member), () => []);
      internet.delegate(
        'silent.com',
        [1, 2].map((i): Ns => [`ns${i}.silent.com`, internet.address(14, i)]),
      );
    },
    names: ['www.silent.com'],
  },
  {
    what: 'TC over UDP, and TCP is reset',
    told: (course) => `${over(course, 'udp')} over UDP, ${over(course, 'tcp')} over TCP`,
    passLine: '≤ 2, ≤ 2',
    isPassed: (course) => over(course, 'udp') <= 2 && over(course, 'tcp') <= 2,
    build: (internet) =>
      zone(internet, 'tc.com', 15, (asked) =>
        asked.via === 'tcp' ? 'reset' : reply(asked, { isTruncated: true }),
      ),
    names: ['www.tc.com'],
  },
  wrongFirst('first a wrong ID, the right answer 60 ms later', 'wrongid.com', 16, (_, right) => {
    const wrong = Buffer.from(right);
    wrong[0] = (wrong[0] as number) ^ 0x55;
    return wrong;
  }),
  wrongFirst('first the answer to another question', 'wrongname.com', 17, ({ query }) => {
    const question = { name: 'www.elsewhere.com', type: 'A', class: 'IN' } as const;
    const answers = [a('www.elsewhere.com', '192.0.2.66')];
    return encode({
      type: 'response',
      id: query.readUInt16BE(),
      flags: 0x8400,
      questions: [question],
      answers,
    });
  }),
  wrongFirst('first half a message', 'half.com', 18, (_, right) => right.subarray(0, right.length - 7)),
  wrongFirst('first a header that lies of what follows', 'counts.com', 19, ({ query }, right) => {
    const wrong = Buffer.from(right.subarray(0, query.length));
    wrong.writeUInt16BE(0xffff, 6);
    return wrong;
  }),
  {
    what: 'addresses of others in the answer, glue for others beside it',
    told: (course) => (last(course).addresses.includes(GOOD_ADDRESS) ? 'ignored' : 'POISONED'),
    passLine: 'ignored',
    isPassed: (course) => last(course).addresses.includes(GOOD_ADDRESS),
    build: (internet) =>
      zone(internet, 'extra.com', 20, (asked): Said => {
        if (asked.type !== 'A') return nodata(asked, 'extra.com');
        const lie = internet.address(20, 9);
        return reply(asked, {
          answers: [a(asked.name, '192.0.2.1'), a('other.good.com', lie)],
          authorities: [{ type: 'NS', name: 'good.com', ttl: 86_400, data: 'ns.good.com' }],
          additionals: [a('ns.good.com', lie), a('other.good.com', lie)],
        });
      }),
    names: ['www.extra.com', 'other.good.com'],
  },
];
