import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseIp } from '../../src/base/ip.ts';
import { RATE_LIMIT_QUIET_MS } from '../../src/base/limits.ts';
import { configure } from '../../src/control/config.ts';
import { GuardPost } from '../../src/control/guard-post.ts';
import { guardSettings } from '../../src/control/guard-terms.ts';
import { openLog } from '../../src/control/log.ts';
import type { Settings } from '../../src/control/settings.ts';
import type { GuardSettings } from '../../src/server/guard.ts';
import { wouldLoop } from '../../src/server/loops.ts';
import { catalog, pipeline, SOA_AND_NS } from '../support/authority.ts';
import { Clock } from '../support/guarded.ts';

let defaults: Settings;
let clock: Clock;
let logged: Record<string, unknown>[];
let post: GuardPost;

beforeEach(async () => {
  const { settings } = await configure({}, '/none');
  defaults = settings ?? expect.fail('the defaults are valid');
  clock = new Clock();
  logged = [];
  const out = new PassThrough();
  out.on('data', (chunk: Buffer) => {
    logged.push(JSON.parse(String(chunk)));
  });
  post = new GuardPost(clock, openLog({ ...defaults.log, format: 'json' }, out, false).logger);
});

const made = (changed: Partial<Settings> = {}, listen: Settings['listen'] = []): GuardSettings =>
  post.settings(post.terms({ ...defaults, ...changed }, listen, 10_000));

const charge = (guard: GuardSettings): string | undefined =>
  guard.limit?.charge('response', Uint8Array.of(198, 51, 100, 7), 1);

test('by default strangers are limited, neighbours not, and cookies are given', () => {
  const { limit, exempt, cookies, allowQuery, nsid, udpBytes, requireOverLimit } = made();
  expect(limit?.settings).toMatchObject({
    responses: 50,
    nxdomains: 50,
    errors: 50,
    windowMs: 15_000,
    slip: 2,
  });
  for (const address of ['127.0.0.1', '::1', '10.2.3.4', '192.168.1.1', 'fe80::1%eth0', 'fd00::1']) {
    expect(exempt?.has(address)).toBe(true);
  }
  expect(exempt?.has('198.51.100.7')).toBe(false);
  expect(cookies).toBeDefined();
  expect({ allowQuery, nsid: nsid.length, udpBytes, requireOverLimit }).toEqual({
    allowQuery: undefined,
    nsid: 0,
    udpBytes: 1232,
    requireOverLimit: true,
  });
});

test('what is off is absent', () => {
  const { rateLimit, cookies } = defaults;
  const guard = made({
    rateLimit: { ...rateLimit, enabled: false },
    cookies: { ...cookies, enabled: false },
  });
  expect(guard).toMatchObject({ limit: undefined, cookies: undefined });
});

describe('a reload', () => {
  test('forgets nobody, and new rates count at once', () => {
    const before = made();
    for (let i = 0; i < 1_000; i++) charge(before);
    expect(charge(made())).not.toBe('send');
    expect(charge(made({ rateLimit: { ...defaults.rateLimit, responses: 0 } }))).toBe('send');
  });

  test('keeps cookies valid', () => {
    const zones = catalog({ 'own.': `${SOA_AND_NS}www 60 A 192.0.2.1\n` });
    const subject = pipeline(zones, { guard: made() });
    const out = new Uint8Array(65_535);
    const send = (cookie: Buffer): number => {
      const header = Buffer.from('126700000000000000000001000029100000000000', 'hex');
      const option = Buffer.concat([Buffer.from([0, cookie.length + 4, 0, 10, 0, cookie.length]), cookie]);
      const packet = Buffer.concat([header, option]);
      const client = { transport: 'udp', address: Uint8Array.of(198, 51, 100, 7), port: 5353 } as const;
      return subject.answer(packet, packet.length, client, out, () => undefined);
    };
    const length = send(Buffer.from('0102030405060708'));
    const given = Buffer.from(out.slice(length - 24, length));
    subject.reconfigure({ guard: made() });
    send(given);
    expect(out[3]).toBe(0);
    given.writeUInt8(given.readUInt8(23) ^ 1, 23);
    send(given);
    expect((out[3] ?? 0) & 0xf).toBe(7); // The lower half of BADCOOKIE, 23.
  });
});

test('the log tells of limited clients once in a while, with their prefix', () => {
  const guard = made();
  const tell = (...address: number[]): void => guard.onLimited('nxdomain', Uint8Array.from(address));
  for (let i = 0; i < 100; i++) tell(198, 51, 100, 7);
  clock.ms += RATE_LIMIT_QUIET_MS;
  tell(0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  expect(logged).toMatchObject([
    { level: 'warn', msg: 'limiting responses', prefix: '198.51.100.0/24', kind: 'nxdomain', held: 1 },
    {
      level: 'warn',
      msg: 'limiting responses',
      prefix: '2001:db8:102:300::/56',
      kind: 'nxdomain',
      held: 100,
    },
  ]);
});

test('what other threads tell of those they limit is told in the same breath', () => {
  const front = { kind: 'error', prefix: '192.0.2.0/24', held: 40 } as const;
  post.hear({ ...front, held: 1 });
  post.hear(front);
  made().onLimited('response', Uint8Array.of(198, 51, 100, 7));
  clock.ms += RATE_LIMIT_QUIET_MS;
  post.hear(front);
  expect(logged).toMatchObject([
    { prefix: '192.0.2.0/24', kind: 'error', held: 1 },
    { prefix: '192.0.2.0/24', kind: 'error', held: 81 },
  ]);
});

describe('what is posted to another thread', () => {
  test('shares accounts and secrets, over a reload too', () => {
    const terms = post.terms(defaults, [], 10_000);
    const other = guardSettings(terms, clock, () => undefined);
    for (let i = 0; i < 1_000; i++) charge(other);
    expect(charge(made())).not.toBe('send');
    const next = post.terms(defaults, [], 10_000);
    expect(next.limit?.table).toBe(terms.limit?.table);
    expect(next.secrets).toBe(terms.secrets);
  });
});

test.each([
  ['where we listen', '127.0.0.1', 5300, true],
  ['where we listen over IPv6', '::1', 53, true],
  ['our address at another port', '127.0.0.1', 53, false],
  ['another address', '127.0.0.2', 5300, false],
])('we know ourselves: %s', (_, address, port, loops) => {
  const { own } = made({}, [
    { address: '127.0.0.1', port: 5300 },
    { address: '::1', port: 53 },
  ]);
  expect(wouldLoop({ transport: 'udp', address: parseIp(address) as Uint8Array, port }, own)).toBe(loops);
});

test('listening everywhere, every local address is ours', () => {
  expect(wouldLoop({ transport: 'udp', address: Uint8Array.of(127, 0, 0, 1), port: 53 }, made().own)).toBe(
    true,
  );
});
