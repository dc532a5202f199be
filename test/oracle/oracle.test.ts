/**
 * Thousands of questions about worlds made from seeds, to us and to every other server that is installed
 * here; what differs has to be explained (./explained.ts). Another seed than the usual: ORACLE_SEED=7 npx
 * vitest run test/oracle.
 */
import { describe, expect, test } from 'vitest';
import { contest, findingsText, newOutcome } from './contest.ts';
import { installed, type PeerName } from './peers.ts';

const FIRST_SEED = Number(process.env.ORACLE_SEED ?? 1);
const WORLDS = 12;
const QUESTIONS = 420;
const PEERS: readonly PeerName[] = ['nsd', 'knot', 'bind'];

async function ask(peers: readonly PeerName[]): Promise<ReturnType<typeof newOutcome>> {
  const outcome = newOutcome();
  for (let i = 0; i < WORLDS; i++) await contest(FIRST_SEED + i, QUESTIONS, peers, outcome);
  return outcome;
}

describe(`${WORLDS * QUESTIONS} questions from seed ${FIRST_SEED}`, () => {
  test('are answered soundly by us', async () => {
    const outcome = await ask([]);
    expect(findingsText(outcome)).toBe('');
    expect(outcome.asked).toBe(WORLDS * QUESTIONS);
  });

  const present = installed();
  for (const peer of PEERS) {
    const isMissing = !present.includes(peer);
    const title = isMissing
      ? `are not asked of ${peer}, which is not installed`
      : `are answered as by ${peer}`;
    test.skipIf(isMissing)(title, { timeout: 60_000 }, async () => {
      const outcome = await ask([peer]);
      expect(findingsText(outcome)).toBe('');
      expect(outcome.compared).toBeGreaterThanOrEqual(2_000);
    });
  }
});
