/**
 * Bounds of how other servers are asked: how long each is waited for, what is made of its silence, and how
 * many questions may wait for one of them or for one zone. The rest is in `limits`.
 */
import { assert } from './assert.ts';
import { RESOLUTIONS_MAX, UPSTREAM_SOCKETS_MAX } from './limits.ts';

/** Over TCP, when nobody else is left: the kernel sends a lost SYN again after one second and three. */
export const LAST_TRY_MS = 3_200;
/** What comes later than that is welcome for so long, from servers that went from near to very far… */
export const LATE_ANSWER_MS = 3_000;
/** …while so many sockets at most are kept open for it: an eighth of all. */
export const LATE_ANSWERS_MAX = 256;
/** How long a silent server is left alone at most; it begins with a second and doubles. */
export const SILENCE_SECONDS_MAX = 300;
/** Silent again so many times, over some seven seconds, and it is dead: one try a question, few questions. */
export const SERVER_SILENCES_DEAD = 4;
/** Who was not heard of for so long is asked beside another, to learn how it does. */
export const SERVER_UNHEARD_SECONDS = 60;
/** Addresses of a family in a row without a route, or strangers without an answer: it has no way to any… */
export const FAMILY_STRANGERS_MAX = 4;
/** …for so long. */
export const FAMILY_DOUBTED_SECONDS = 60;
/** RFC 7873 §7.1: what we call ourselves towards one server changes daily. */
export const CLIENT_COOKIE_SECONDS = 86_400;
/** Answers in a row that do not fit over UDP; then TCP is asked at once. */
export const TRUNCATIONS_MAX = 4;
/** Walks that wait for one zone, at first: half of all (BIND's `fetches-per-zone`, off unless configured)… */
export const ZONE_WALKS_FIRST = RESOLUTIONS_MAX / 2;
/** …few, while it is silent, and as many as it likes when it answers… */
export const ZONE_WALKS_MIN = 200;
/** …for each silence brings it nearer to the former, and each reply to the latter. */
export const ZONE_WALKS_PER_SILENCE = 8;
export const ZONE_WALKS_PER_REPLY = 2;
/** Zones of which that is known. */
export const ZONES_WATCHED_MAX = 10_000;
/** Questions out to one server… */
export const SERVER_QUESTIONS_MAX = RESOLUTIONS_MAX;
/** …and to one that is dead. */
export const DEAD_SERVER_QUESTIONS_MAX = 32;
/** Above half of all, what got no further for so long gives way to a new one (Unbound's `jostle-timeout`). */
export const GIVE_WAY_MS = 200;
/** The oldest ones are looked through for it. */
export const GIVE_WAY_LOOKS_MAX = 32;

assert(
  2 * ZONE_WALKS_FIRST <= RESOLUTIONS_MAX && ZONE_WALKS_MIN < ZONE_WALKS_FIRST,
  'a zone leaves room for others',
);
assert(
  LATE_ANSWERS_MAX + ZONE_WALKS_FIRST < UPSTREAM_SOCKETS_MAX,
  'one silent zone does not take all sockets',
);
