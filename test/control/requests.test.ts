/** What is asked over the control socket, where its answer is more than what another part says. */
import { expect, test } from 'vitest';
import { answerRequest, type Offices } from '../../src/control/requests.ts';

test.each([{ do: 'flush', name: 'www.net' }, { do: 'flush-all' }])(
  '$do is done when nobody is told any more what was flushed',
  async (request) => {
    const order: string[] = [];
    const resolver: Offices['resolver'] = {
      flush: () => void order.push('told'),
      async settled() {
        await new Promise((resolve) => setImmediate(resolve));
        order.push('in effect');
      },
    };
    const requests = answerRequest(request, { resolver } as Offices);
    expect(await requests.next()).toEqual({ done: true, value: undefined });
    expect(order).toEqual(['told', 'in effect']);
  },
);
