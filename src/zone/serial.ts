/**
 * Serial numbers, which turn over (RFC 1982), and by which secondaries tell that there is something new.
 */
import { equalBytes } from '../base/bytes.ts';
import type { Image } from './image.ts';

/**
 * Above 0 where `a` is newer, below 0 where it is older, 0 where they are the same. Of two that are 2^31
 * apart RFC 1982 §3.2 says nothing: each is taken for older than the other, for no secondary is sure to
 * follow.
 */
export const serialOrder = (a: number, b: number): number => (a - b) | 0;

/** Why secondaries will not follow from what is served to what comes next; undefined where they will. */
export function serialFault(next: Image, served: Image): string | undefined {
  const order = serialOrder(next.serial, served.serial);
  if (order < 0) {
    return `serial ${next.serial} is behind ${served.serial}, which is served: secondaries will not follow`;
  }
  if (order > 0 || equalBytes(next.bytes, served.bytes)) return undefined;
  return `serial ${next.serial} is as served, but the zone is not: secondaries will not notice`;
}
