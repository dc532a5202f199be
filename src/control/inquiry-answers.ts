/** The resolver thread's side of `inquiries`: takes what the control thread asks, and tells what it knows. */
import type { MessagePort } from 'node:worker_threads';
import type { NextTurn } from '../base/next-turn.ts';
import type { AnswerRrset } from '../resolver/outcome.ts';
import type { Explained, Recursor } from '../resolver/recursor.ts';
import { chosen } from '../resolver/told-servers.ts';
import { Class, rcodeText } from '../wire/codes.ts';
import type { PostedInquiry, PostedReply, ToldResolution } from './inquiries.ts';
import { type ToldRecord, toldRecords } from './told-records.ts';

export interface Informant {
  /** That of the moment. */
  readonly recursor: () => Recursor;
  /** One that knows nothing yet. */
  readonly another: () => Recursor;
  readonly nextTurn: NextTurn;
  readonly onBug: (bug: unknown) => void;
}

export function answerInquiries(port: MessagePort, informant: Informant): void {
  port.on('message', (inquiry: PostedInquiry) => {
    const { ticket } = inquiry;
    const reply = (told: unknown): void => port.postMessage({ ticket, told } satisfies PostedReply);
    told(inquiry, informant).then(reply, (bug: unknown) => {
      informant.onBug(bug);
      reply(undefined);
    });
  });
}

async function told(inquiry: PostedInquiry, { recursor, another, nextTurn }: Informant): Promise<unknown> {
  if (isAbout(inquiry, 'mishaps')) return recursor().mishaps;
  if (isAbout(inquiry, 'learned')) return learned(recursor(), nextTurn);
  if (isAbout(inquiry, 'learn')) {
    return inquiry.asked.chunks.reduce((facts, chunk) => facts + recursor().unpack(chunk, 0), 0);
  }
  if (isAbout(inquiry, 'servers')) return chosen(recursor().servers, inquiry.asked.which);
  if (isAbout(inquiry, 'resolve')) {
    const { isFresh, ...question } = inquiry.asked;
    const by = isFresh ? another() : recursor();
    return resolution(await by.explain({ ...question, class: Class.IN }));
  }
  return undefined;
}

/** A piece each turn of the loop: who asks for names goes first. */
async function learned(recursor: Recursor, nextTurn: NextTurn): Promise<SharedArrayBuffer[]> {
  const pieces: SharedArrayBuffer[] = [];
  for (const chunk of recursor.packed()) {
    const piece = new SharedArrayBuffer(chunk.length);
    new Uint8Array(piece).set(chunk);
    pieces.push(piece);
    await nextTurn.come();
  }
  return pieces;
}

const isAbout = <W extends PostedInquiry['about']>(
  inquiry: PostedInquiry,
  about: W,
): inquiry is PostedInquiry<W> => inquiry.about === about;

const resolution = ({ outcome, steps, tookMs }: Explained): ToldResolution => ({
  rcode: rcodeText(outcome.rcode),
  authoritative: outcome.authoritative === true,
  answer: recordsOf(outcome.answer),
  authority: recordsOf(outcome.authority),
  ede: outcome.ede,
  isSilent: outcome.isSilent === true,
  ...{ steps, tookMs },
});

const recordsOf = (rrsets: readonly AnswerRrset[]): ToldRecord[] =>
  rrsets.flatMap(({ owner, block, ttl }) => toldRecords(owner, block, ttl));
