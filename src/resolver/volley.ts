/**
 * One question on its way to several servers of a zone. Who asks waits for one of them at a time, and when
 * that one has not answered after its usual time, asks the next; but what the earlier ones say is still
 * welcome, for whoever answers first has answered. Only an answer that can be used as it is comes this way:
 * what would have to be asked again in another manner is not worth interrupting for.
 */
import { Rcode } from '../wire/codes.ts';
import { Flag } from '../wire/header.ts';
import type { Heard, Sending } from './wish.ts';

export class Volley {
  #awaited: Sending | undefined;
  #resume: ((heard: Heard) => void) | undefined;
  #fail: ((bug: unknown) => void) | undefined;

  wait(sending: Sending, resume: (heard: Heard) => void, fail: (bug: unknown) => void): void {
    this.#awaited = sending;
    this.#resume = resume;
    this.#fail = fail;
  }

  hear(sending: Sending, heard: Heard): void {
    if (this.#awaited === undefined) return;
    // An earlier one may have been shown part of the name only (RFC 9156).
    const isAboutTheSame = sending.asked === this.#awaited.asked;
    if (sending !== this.#awaited && !(isAboutTheSame && isUsable(heard))) return;
    this.#awaited = undefined;
    this.#resume?.(heard);
  }

  /** A mistake of our own, for whoever waits to meet. */
  fail(bug: unknown): void {
    if (this.#awaited === undefined) return;
    this.#awaited = undefined;
    this.#fail?.(bug);
  }
}

function isUsable(heard: Heard): boolean {
  if (heard.got !== 'reply' || !heard.caseKept || heard.isDoubtful) return false;
  const { rcode, flags } = heard.message;
  return (rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN) && (flags & Flag.TC) === 0;
}
