/**
 * The fault `loss PERCENT one-way|both-ways [udp]`: what a path that loses packets makes of an exchange.
 * Over UDP it is lost; over TCP it takes the time in which a kernel sends again, first to connect, then the
 * question and its answer.
 */
import type { World } from '../../src/base/world.ts';

const CONNECT_AGAIN_MS = 1_000;
const SEND_AGAIN_MS = 200;
const GIVE_UP_MS = 15_000;

/** How much longer it takes; undefined for what never arrives. */
export function lossMs(
  fault: { readonly words: readonly string[] } | undefined,
  via: 'udp' | 'tcp',
  world: World,
): number | undefined {
  const [percent = '0', ways, only = via] = fault?.words ?? [];
  if (percent === '0' || only !== via) return 0;
  const isDropped = (): boolean => world.draw(100) < Number(percent);
  const isLost = (): boolean => isDropped() || (ways === 'both-ways' && isDropped());
  if (via === 'udp') return isLost() ? undefined : 0;
  let ms = 0;
  for (const first of [CONNECT_AGAIN_MS, SEND_AGAIN_MS]) {
    for (let wait = first; isLost() && ms < GIVE_UP_MS; wait *= 2) ms += wait;
  }
  return ms < GIVE_UP_MS ? ms : undefined;
}
