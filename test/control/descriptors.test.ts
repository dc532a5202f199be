import { expect, test } from 'vitest';
import { UPSTREAM_SOCKETS_MAX } from '../../src/base/limits.ts';
import { descriptorLimit, planDescriptors } from '../../src/control/descriptors.ts';
import { schema } from '../../src/control/schema.ts';
import { folderOf } from '../operation/server.ts';

const settings = schema.parse({ tcp: { clients: 1_000 }, threads: 2 });
const alone = schema.parse({ tcp: { clients: 1_000 }, threads: 2, recursion: { enabled: false } });

test('the system tells its limit, and where it does not there is none', () => {
  const files = folderOf({
    limits: 'Limit  Soft  Hard  Units\nMax open files            512    4096   files\n',
  });
  expect(descriptorLimit(files.path('limits'))).toBe(512);
  expect(descriptorLimit(files.path('none'))).toBeUndefined();
  expect(descriptorLimit()).toBeGreaterThan(0);
  expect(planDescriptors(settings, undefined).warning).toSatisfy((w) => w === undefined || w.length > 0);
  files.remove();
});

test('where there is enough nothing is said or changed', () => {
  expect(planDescriptors(settings, 65_536)).toEqual({ tcp: settings.tcp, warning: undefined });
  expect(planDescriptors(alone, 2_000).warning).toBeUndefined();
});

test('connections of strangers get half of what there is, and the operator a number', () => {
  const { tcp, warning } = planDescriptors(alone, 512);
  expect(tcp).toEqual({ ...alone.tcp, clientsMax: 256 });
  expect(warning).toMatch(/can need 2000 .* may have 512: raise .*LimitNOFILE=2000 .* 256 TCP connections$/);
  expect(planDescriptors(alone, 1).tcp.clientsMax).toBe(1);
});

test('sockets to other servers count', () => {
  const { tcp, warning } = planDescriptors(settings, 3_000);
  expect(tcp.clientsMax).toBe(1_000);
  const needed = 1_000 + UPSTREAM_SOCKETS_MAX;
  expect(Number(/can need (\d+)/.exec(warning ?? '')?.[1])).toBeGreaterThan(needed);
  expect(warning).toMatch(/lower tcp\.clients$/);
});

test('probes under way count, where there are checks', () => {
  const checks = { web: { tcp: { port: 80 } } };
  const probing = schema.parse({ ...{ threads: 2, recursion: { enabled: false } }, checks });
  const needed = (of: typeof probing): number =>
    Number(/can need (\d+)/.exec(planDescriptors(of, 1).warning ?? '')?.[1]);
  const more = schema.parse({ threads: 2, recursion: { enabled: false }, checks, probes: { atOnce: 9_000 } });
  expect(needed(more) - needed(probing)).toBeGreaterThan(8_000);
  expect(needed({ ...more, checks: [] })).toBe(needed({ ...probing, checks: [] }));
});
