/**
 * The table of differences between us and our peers: what, who, by which RFC, who is right, and why. What a
 * rule foretells, it foretells exactly. Our own mistakes have no rule here. Rules over worlds come first,
 * for those over responses retell what was answered in them.
 */
import { isBelow, type MadeRecord } from './record.ts';
import type { Difference, Rule } from './rule.ts';
import { alone, answeringZone, asOneTree, without, withoutCnames } from './seen.ts';
import { limitOf } from './sound.ts';
import { cutOf, glueOf, lineOf, type Response } from './verdict.ts';
import { zoneOf } from './world.ts';

/** CNAME_CHAIN_MAX of Knot DNS, the shortest bound among the peers. */
const KNOT_HOPS_MAX = 5;

/** No zone holds it, so all that leads on is followed. */
const TYPE_OF_NOTHING = 'TYPE65282';

const isAlias = ({ type }: MadeRecord): boolean => type === 'CNAME';

/** The names that aliases were found for, in order. */
const namesOf = ({ answer }: Response): string[] => answer.filter(isAlias).map(({ owner }) => owner);

/** Our answer up to the first alias that leads out of the zone it is in. */
function endedAtBorder({ world, question, ours }: Difference): Response | undefined {
  const start = answeringZone(world, question.name, question.type);
  const border = ours.answer.findIndex(
    (record) => isAlias(record) && answeringZone(world, record.rdata, question.type) !== start,
  );
  if (border < 0) return undefined;
  return endedAfter(ours, border);
}

const endedAfter = (ours: Response, last: number): Response => ({
  ...ours,
  rcode: 'NOERROR',
  answer: ours.answer.slice(0, last + 1),
  authority: [],
  additional: [],
});

/**
 * The DS of the first apex that the question or its aliases come to, if the zone that holds the cut were not
 * served.
 */
function askedFurtherUp({ world, question, ours, oursIn }: Difference): { ours: Response } | undefined {
  if (question.type !== 'DS') return undefined;
  const aliases = ours.answer.filter(isAlias);
  const names = [question.name, ...aliases.map(({ rdata }) => rdata)];
  const at = names.findIndex(
    (name) => zoneOf(world, name) === name && answeringZone(world, name, 'DS') !== name,
  );
  const name = names[at];
  if (name === undefined) return undefined;
  const parent = answeringZone(world, name, 'DS') as string;
  const further = oursIn(without(world, parent), { ...question, spelled: name, name });
  if (at === 0) return { ours: further };
  const before = ours.answer.slice(0, ours.answer.indexOf(aliases[at - 1] as MadeRecord) + 1);
  return { ours: { ...further, aa: ours.aa, answer: [...before, ...further.answer] } };
}

/** Every record that a question of any type may bring at this name. */
function everything({ world, question, oursIn }: Difference): Set<string> {
  const types = new Set([...world.zones.values()].flat().map(({ type }) => type));
  const responses = [...types].map((type) => oursIn(world, { ...question, type, transport: 'tcp' }));
  return new Set(responses.flatMap(({ answer }) => answer.map(lineOf)));
}

/** Both name records that are there, and at least one; which, and of how many types, each server chooses. */
function bothTellSomething(d: Difference): boolean {
  const known = everything(d);
  const isTrue = ({ answer }: Response): boolean =>
    answer.length > 0 && answer.every((record) => known.has(lineOf(record)));
  return isTrue(d.ours) && isTrue(d.theirs);
}

export const RULES: readonly Rule[] = [
  {
    name: 'an alias chain is followed in one zone only',
    peers: ['knot'],
    rfc: 'RFC 1034 §4.3.2 step 3a',
    right: 'ours',
    why: 'back to step 1 is to the nearest zone; who stays in the first may refer to one it serves itself',
    world: ({ world, question }) => alone(world, question),
  },
  {
    name: 'names of one zone exist in the zone around it',
    peers: ['nsd'],
    rfc: 'RFC 4592 §2.2.2',
    right: 'ours',
    why: 'a name exists if its own zone has it or one below; the peer has one tree of names for all zones',
    world: ({ world }) => asOneTree(world),
  },
  {
    name: 'no alias is followed for RRSIG and NSEC',
    peers: ['knot', 'bind'],
    rfc: 'RFC 4035 §2.5',
    right: 'both',
    why: 'both stand beside a CNAME if the zone is signed; else none does, and RFC 1034 §4.3.2 follows',
    world: ({ world, question }) =>
      ['RRSIG', 'NSEC'].includes(question.type) ? withoutCnames(world) : undefined,
  },
  {
    name: 'DS after an alias is asked of the child',
    peers: ['bind'],
    rfc: 'RFC 4035 §3.1.4.1',
    right: 'ours',
    why: 'DS at an apex belongs to the parent, however one came to the name',
    world: ({ world, question, ours }) =>
      question.type === 'DS' && namesOf(ours).length > 0 ? alone(world, question) : undefined,
  },
  {
    name: 'DS at an apex is sought in any zone above that delegates it',
    peers: ['nsd'],
    rfc: 'RFC 4035 §3.1.4.1',
    right: 'ours',
    why: 'the parent holds the cut, and is the nearest above; what stands further up there is occluded',
    retold: askedFurtherUp,
  },
  {
    name: 'an alias chain ends where it leaves the zone',
    peers: ['bind'],
    rfc: 'RFC 1034 §4.3.2 step 3a',
    right: 'ours',
    why: 'back to step 1 is to the nearest zone; to end there does no harm, since resolvers ask on',
    retold: (d) => {
      const ours = endedAtBorder(d);
      return ours && { ours };
    },
  },
  {
    name: 'DS in a referral from a zone that is not signed',
    peers: ['nsd', 'knot', 'bind'],
    rfc: 'RFC 4035 §3.1',
    right: 'both',
    why: 'the section is about signed zones, and silent on others; we hand out what we hold',
    retold: ({ ours, question }) => {
      if (!question.edns?.dnssecOk || !ours.authority.some(({ type }) => type === 'NS')) return undefined;
      return { ours: { ...ours, authority: ours.authority.filter(({ type }) => type !== 'DS') } };
    },
  },
  {
    name: "ANY brings an RRset of the server's choice",
    peers: ['nsd', 'knot', 'bind'],
    rfc: 'RFC 8482 §4.1',
    right: 'both',
    why: 'one RRset or several may stand for all; the peers give all over TCP',
    retold: (d) => {
      if (d.question.type !== 'ANY' || !bothTellSomething(d)) return undefined;
      return { ours: { ...d.theirs, rcode: d.ours.rcode, aa: d.ours.aa } };
    },
  },
  {
    name: 'ANY is answered for what a DNAME leads to',
    peers: ['nsd', 'knot'],
    rfc: 'RFC 6672 §3.2 step 3C',
    right: 'both',
    why: 'the CNAME that a DNAME implies is an answer to ANY, and more may be left out (RFC 8482 §4.1)',
    retold: ({ world, question, ours, oursIn }) => {
      const isRedirected = ours.answer[0]?.type === 'DNAME' && isAlias(ours.answer[1] ?? ours.answer[0]);
      if (question.type !== 'ANY' || !isRedirected) return undefined;
      return { ours: oursIn(world, { ...question, type: TYPE_OF_NOTHING }) };
    },
  },
  {
    name: 'SERVFAIL for aliases that loop or are too many',
    peers: ['bind'],
    rfc: 'RFC 1034 §3.6.2',
    right: 'both',
    why: 'loops are to be "signalled as an error", and nothing says how; the chain so far tells as much',
    retold: ({ ours, theirs }) =>
      theirs.rcode === 'SERVFAIL' && ours.rcode === 'NOERROR' && namesOf(ours).length > 0
        ? { ours: { ...ours, rcode: 'SERVFAIL' } }
        : undefined,
  },
  {
    name: 'a shorter bound on alias chains',
    peers: ['knot'],
    rfc: 'RFC 1034 §3.6.2',
    right: 'both',
    why: 'each server has its bound, 5 there and 11 here; a resolver asks on where the chain ends',
    retold: ({ ours }) => {
      const last = ours.answer.filter(isAlias)[KNOT_HOPS_MAX - 1];
      return last && { ours: endedAfter(ours, ours.answer.indexOf(last)) };
    },
  },
  {
    name: 'a DNAME into itself is not followed',
    peers: ['nsd'],
    rfc: 'RFC 6672 §3.2 step 3C',
    right: 'ours',
    why: 'the algorithm goes back to step 1, until the name is too long or the server has had enough',
    retold: ({ ours }) => {
      const dname = ours.answer.findIndex(
        ({ owner, type, rdata }) => type === 'DNAME' && rdata !== owner && isBelow(rdata, owner),
      );
      return dname < 0 ? undefined : { ours: endedAfter(ours, dname + 1) };
    },
  },
  {
    name: 'addresses of servers from a wildcard below the cut',
    peers: ['nsd', 'knot'],
    rfc: 'RFC 1034 §4.3.3',
    right: 'ours',
    why: 'a delegation cancels the wildcards at and below it; only names that are written there are glue',
    retold: ({ world, theirs }) => {
      const cut = cutOf(theirs);
      const around = [...world.zones].filter(
        ([apex]) => cut !== undefined && cut !== apex && isBelow(cut, apex),
      );
      const written = new Set(around.flatMap(([, records]) => records.map(lineOf)));
      const additional = theirs.additional.filter((record) => written.has(lineOf(record)));
      return additional.length < theirs.additional.length ? { theirs: { ...theirs, additional } } : undefined;
    },
  },
  {
    name: 'needful glue left out, and TC not set',
    peers: ['nsd'],
    rfc: 'RFC 9471 §3.1',
    right: 'ours',
    why: 'needful glue goes first, or TC is set; the peer stops at the first RRset that does not fit',
    retold: ({ world, question, ours, theirs, oursIn }) => {
      const whole = oursIn(world, { ...question, transport: 'tcp' });
      const glue = new Set(glueOf(theirs).map(lineOf));
      if (question.transport === 'tcp' || whole.bytes <= limitOf(question) || glue.size === 0)
        return undefined;
      return { ours: { ...ours, additional: ours.additional.filter((record) => glue.has(lineOf(record))) } };
    },
  },
  {
    name: "what a name too long to be substituted has at its DNAME's target",
    peers: ['knot'],
    rfc: 'RFC 6672 §3.2 step 3C',
    right: 'ours',
    why: 'YXDOMAIN ends the algorithm; nothing of the target belongs to the answer',
    retold: ({ ours, theirs }) => {
      if (theirs.rcode !== 'YXDOMAIN' || ours.rcode !== 'YXDOMAIN') return undefined;
      const known = new Set(ours.answer.map(lineOf));
      const answer = theirs.answer.filter((record) => known.has(lineOf(record)));
      return { theirs: { ...theirs, answer, authority: [], additional: [] } };
    },
  },
];
