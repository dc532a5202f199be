/**
 * The playground end to end, over real sockets: every stop of the tour is asked through `cairn query` and
 * must answer what the tour says; a trace walks the same internet by hand; what the server is to tell it
 * tells; and as a process it starts, tells, and ends cleanly.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCtl } from '../../src/tools/ctl.ts';
import { runExplain } from '../../src/tools/explain.ts';
import { runPlayground } from '../../src/tools/playground.ts';
import { type Playground, startPlayground } from '../../src/tools/playground-start.ts';
import { ORDERS, POOL_TOUR, TOUR } from '../../src/tools/playground-tour.ts';
import { runQuery } from '../../src/tools/query.ts';

const bugs: unknown[] = [];
let playground: Playground;

beforeAll(async () => {
  const started = await startPlayground({ port: 0, upstreamPort: 0 }, (text) => bugs.push(text));
  if (Array.isArray(started)) throw new Error(JSON.stringify(started));
  playground = started;
});

afterAll(async () => {
  await playground.close();
  expect(bugs).toEqual([]);
});

async function askAt(address: string, port: number, words: string): Promise<string> {
  let text = '';
  const io = { out: (more: string) => (text += more), err: (more: string) => (text += more) };
  await runQuery([`@${address}`, '-p', String(port), ...words.split(' ')], io);
  return text;
}

const ask = (words: string): Promise<string> => askAt('127.0.0.1', playground.port, words);

/** The RDATA of the lines in the answer section. */
function answersIn(text: string): string[] {
  const section = /;; ANSWER SECTION:\n([\s\S]*?)\n\n/.exec(text)?.[1] ?? '';
  return section === '' ? [] : section.split('\n').map((line) => line.split(/\s+/).slice(4).join(' '));
}

describe('the tour', () => {
  test.each([...TOUR, ...POOL_TOUR].map((stop) => [stop.ask, stop] as const))(
    '%s',
    async (words, { status, answer, see }) => {
      const text = await ask(words);
      expect(text, see).toContain(`status: ${status}`);
      const answers = answersIn(text);
      if (typeof answer === 'number') expect(answers).toHaveLength(answer);
      else expect(answers.sort()).toEqual([...answer].sort());
      if (status === 'SERVFAIL') expect(text, 'says why [RFC 8914]').toMatch(/^; EDE: /m);
    },
  );

  test('the second time the answer is older', async () => {
    const ttl = async (): Promise<number> =>
      Number(/www\.shop\.org\.\s+(\d+)/.exec(await ask('www.shop.org'))?.[1]);
    await ttl();
    expect(await ttl()).toBeLessThanOrEqual(3600);
  });

  test('what is truncated over UDP is whole over TCP [RFC 7766 §5]', async () => {
    expect(await ask('www.big.org +ignore')).toMatch(/^;; flags:.* tc/m);
    expect(answersIn(await ask('www.big.org +tcp'))).toHaveLength(200);
  });
});

describe('what is broken is broken', () => {
  test.each<[string, string, string, RegExp]>([
    ['refers upwards', '127.53.3.1', 'www.lame.org', /NOERROR[\s\S]*^org\.\s+86400\s+IN\s+NS/m],
    ['refuses', '127.53.3.2', 'www.refused.org', /status: REFUSED/],
    ['is silent', '127.53.3.4', 'www.silent.org +timeout=1 +tries=1', /timed out\n;; no servers/],
    ['answers for its silent neighbour', '127.53.3.5', 'www.silent.org', /198\.18\.3\.40/],
    ['takes EDNS for garbage', '127.53.3.6', 'www.old.org', /status: FORMERR/],
    ['and is fine without', '127.53.3.6', 'www.old.org +noedns', /198\.18\.3\.60/],
    ['answers in lower case', '127.53.3.7', 'WwW.LowerCase.org', /^;www\.lowercase\.org\./m],
  ])('a server %s', async (_, address, words, expected) => {
    expect(await askAt(address, playground.upstreamPort, words)).toMatch(expected);
  });
});

describe('what the server tells', () => {
  async function tell(words: string): Promise<{ code: number; text: string }> {
    const [command, ...others] = `${words} --socket ${playground.socket}`.split(' ');
    let text = '';
    const io = { out: (more: string) => (text += more), err: (more: string) => (text += more) };
    const code = await (command === 'ctl' ? runCtl(others, io) : runExplain(others, io));
    return { code, text };
  }

  test.each(ORDERS.map(({ words }) => words))('%s', async (words) => {
    expect(await tell(words)).toMatchObject({ code: 0, text: expect.stringMatching(/\n$/) });
  });

  test('members are probed: who listens is up, who does not is down', async () => {
    const { text } = await tell('ctl pool list');
    for (const [member, state] of [
      ['127.53.5.1', 'up'],
      ['127.53.5.3', 'up'],
      ['127.53.5.9', 'down'],
    ])
      expect(text).toMatch(new RegExp(`${member} port \\d+ +\\d+ +\\d +${state} +web: ${state}`));
  });

  test.each([
    ['127.1.0.1', '127.53.5.4'],
    ['127.2.0.1', '127.53.5.5'],
    ['127.3.0.1', '127.53.5.6'],
  ])('a client at %s is sent to %s', async (client, member) => {
    const { text } = await tell(`explain geo.pools.example --from ${client}`);
    expect(text).toContain(`geo.pools.example A is ${member}.`);
  });

  test('the zone file is there to be changed', async () => {
    const zone = readFileSync(playground.zone, 'utf8');
    writeFileSync(playground.zone, zone.replace('v2.api  A     127.53.5.2', 'v3.api A 127.53.5.7'));
    await tell('ctl reload');
    expect(answersIn(await ask('v3.api.pools.example'))).toEqual(['127.53.5.7']);
  });
});

describe('a trace', () => {
  const hops = (text: string): string[] =>
    [...text.matchAll(/bytes from [^(]+\(([^)]+)\)/g)].map((hop) => hop[1] ?? '');
  const trace = (words: string): Promise<string> =>
    ask(`+trace +traceport=${playground.upstreamPort} ${words}`);

  test('goes down from the root to the server that knows', async () => {
    const text = await trace('bench.lab.acme.com');
    expect(hops(text)).toEqual([
      '127.0.0.1',
      expect.stringMatching(/^[ab]\.root-servers\.net$/),
      expect.stringMatching(/^[ab]\.gtld-servers\.net$/),
      'ns.acme.com',
      'ns.lab.acme.com',
    ]);
    expect(text).toMatch(/^bench\.lab\.acme\.com\.\s+3600\s+IN\s+A\s+198\.18\.2\.50$/m);
  });

  test('has the resolver find servers that come without glue', async () => {
    expect(hops(await trace('www.shop.org')).at(-1)).toMatch(/^ns[12]\.plenty-hosting\.net$/);
  });

  test('shows what is lame', async () => {
    expect(await trace('www.lame.org')).toContain(';; BAD REFERRAL, trying the next server\n');
  });
});

describe('as a program', () => {
  const script = `
    const { runPlayground } = await import('./src/tools/playground.ts');
    const io = { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) };
    process.exitCode = await runPlayground(['--port', '0', '--upstream-port', '0'], io);`;

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'it tells the tour and ends with 0 on %s',
    async (signal) => {
      const child = spawn(process.execPath, ['-e', script]);
      let text = '';
      let trouble = '';
      child.stderr.on('data', (more) => (trouble += more));
      for await (const more of child.stdout) {
        text += more;
        if (text.includes('Ctrl-C ends it.')) child.kill(signal);
      }
      const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
      expect([code, trouble]).toEqual([0, '']);
      for (const { ask } of [...TOUR, ...POOL_TOUR]) expect(text).toContain(ask);
      const [, zone = ''] = /Their zone is\n(.*): change it/.exec(text) ?? [];
      expect([zone, existsSync(zone)]).toEqual([expect.stringContaining('pools.example.zone'), false]);
    },
  );

  test('it tells where the zone that is there to be changed is wrong', async () => {
    const child = spawn(process.execPath, ['-e', script]);
    let trouble = '';
    child.stderr.on('data', (more) => {
      trouble += more;
      if (trouble.includes('reload refused')) child.kill('SIGINT');
    });
    let text = '';
    let file = '';
    for await (const more of child.stdout) {
      text += more;
      const [, zone] = /Their zone is\n(.*): change it/.exec(text) ?? [];
      if (file !== '' || zone === undefined || !text.includes('Ctrl-C')) continue;
      file = zone;
      writeFileSync(zone, readFileSync(zone, 'utf8').replace('weight=70', 'weigth=70'));
    }
    expect(trouble).toMatch(/^cairn playground: .*pools\.example\.zone:\d+:\d+: .*did you mean weight\?/m);
  });

  const run = async (...words: string[]) => {
    const io = { out: '', err: '' };
    const code = await runPlayground(words, {
      out: (text) => (io.out += text),
      err: (text) => (io.err += text),
    });
    return { code, ...io };
  };

  test('a port that is taken is told, and exits 1', async () => {
    const { code, err } = await run('--port', String(playground.port), '--upstream-port', '0');
    expect(code).toBe(1);
    expect(err).toContain(`cairn playground: cannot listen on 127.0.0.1:${playground.port}`);
  });

  test.each([
    [['--port', '70000'], 'a port is a number from 0 to 65535'],
    [['--port', 'x'], 'a port is a number from 0 to 65535'],
    [['--prot', '1'], "'--prot'"],
  ])('%j is a mistake, and exits 1', async (words, complaint) => {
    const { code, err } = await run(...words);
    expect([code, err]).toEqual([1, expect.stringContaining(complaint)]);
  });

  test('help is help', async () => {
    expect(await run('-h')).toMatchObject({ code: 0, out: expect.stringContaining('--upstream-port') });
  });
});
