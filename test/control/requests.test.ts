/** What is asked over the control socket, without a server behind it. */
import { expect, test } from 'vitest';
import { realWorld } from '../../src/base/world.ts';
import { InquiryDesk } from '../../src/control/inquiries.ts';
import { answerRequest, type Offices } from '../../src/control/requests.ts';

function officesWith(changed: Partial<Offices>): Offices {
  const absent = (): never => {
    throw new Error('nobody is asked this');
  };
  return {
    explainer: { explain: absent } as unknown as Offices['explainer'],
    inquiries: new InquiryDesk(realWorld),
    resolver: { flush: absent, settled: absent },
    reloader: { reload: absent, last: undefined },
    status: absent,
    tally: undefined,
    rehearse: absent,
    pools: { list: absent, hold: absent, report: absent },
    ...changed,
  };
}

test('what is flushed is told when every thread has forgotten it', async () => {
  const inquiries = new InquiryDesk(realWorld);
  const port = inquiries.connect();
  const happened: string[] = [];
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const resolver = { flush: () => void happened.push('flush'), settled: () => settled };
  const told = answerRequest({ do: 'flush-all' }, officesWith({ inquiries, resolver }))
    .next()
    .then(() => happened.push('told'));
  await new Promise((resolve) => setImmediate(resolve));
  happened.push('settled');
  settle();
  await told;
  expect(happened).toEqual(['flush', 'settled', 'told']);
  inquiries.disconnect();
  port.close();
});

test.each([
  [{ do: 'flush-all' }, 'this server does not resolve names'],
  [{ do: 'flush', name: 'a' }, 'this server does not resolve names'],
  [{ do: 'top', of: 'names' }, 'nobody counts: control.top is false'],
  [{ do: 'top', of: 'others' }, 'of: expected one of names, parents, clients, networks, servers'],
  [{ do: 'explain', name: 'a', type: 'OPT' }, 'type: expected a record type'],
  [{ do: 'explain', name: 7 }, 'name: expected a domain name'],
  [{ do: 'flush', name: 'a', more: 1 }, 'more'],
  [{ do: '__proto__' }, 'expected an object whose "do" names what this server can do'],
  [null, 'expected an object'],
  [[], 'expected an object'],
])('%j is refused: %s', async (asked, why) => {
  await expect(answerRequest(asked, officesWith({})).next()).rejects.toThrow(why);
});
