/**
 * Serial numbers, which turn over (RFC 1982).
 */

/**
 * Above 0 where `a` is newer, below 0 where it is older, 0 where they are the same. Of two that are 2^31
 * apart RFC 1982 §3.2 says nothing: each is taken for older than the other, for no secondary is sure to
 * follow.
 */
export const serialOrder = (a: number, b: number): number => (a - b) | 0;
