/**
 * What a client asks: the question, what else the answer may depend on, and whether it can be asked
 * of strangers at all.
 */
import { Class, Ede, isMetaType, Rcode, Type } from '../wire/codes.ts';
import type { Question } from '../wire/message.ts';
import { failed, type Outcome } from './outcome.ts';
import type { ClientNetwork } from './own-zones.ts';

/** A question, and what else the answer depends on. */
export interface ClientQuestion extends Question {
  /** Whether AAAA and their PTR may be synthesised (RFC 6147). */
  readonly synthesise?: boolean;
  /** Who asks, if that may be told in part; four or sixteen bytes. */
  readonly client?: Uint8Array | undefined;
  /** For whom pools of ours choose, where others' aliases lead to one. */
  readonly network?: ClientNetwork | undefined;
}

/** Only IN is one tree with one root, and only data types can be asked of strangers (LIMITS A7). */
export function unanswerable({ class: klass, type }: Question): Outcome | undefined {
  if (klass !== Class.IN) return refused(Rcode.REFUSED, 'only class IN is resolved');
  if (isMetaType(type) && type !== Type.ANY) return refused(Rcode.NOTIMP, 'this type is not resolved');
  return undefined;
}

const refused = (rcode: number, text: string): Outcome => ({ ...failed(Ede.NOT_SUPPORTED, text), rcode });
