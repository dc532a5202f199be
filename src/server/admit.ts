/**
 * Whether a well-formed question is one that can be asked here, by class and type, as an RCODE.
 */
import { Class, isMetaType, Rcode, Type } from '../wire/codes.ts';
import type { Query } from '../wire/query.ts';

export function admit(query: Query): number {
  const { class: klass, type } = query;
  // NONE is for updates only (RFC 2136 §2.4), 0 is reserved (RFC 6895 §3.2), and ANY (RFC 1035 §3.2.5) asks
  // for several zones of one name in one answer, which nobody gives.
  if (klass === Class.ANY || klass === Class.NONE || klass === 0) return Rcode.FORMERR;
  if (klass !== Class.IN && klass !== Class.CH) return Rcode.REFUSED;
  if (!isMetaType(type) || type === Type.ANY) return Rcode.NOERROR;
  switch (type) {
    case Type.AXFR:
    case Type.IXFR:
      return Rcode.REFUSED; // RFC 5936 §2.2.1: nobody is allowed to.
    case Type.MAILA:
    case Type.MAILB:
      return Rcode.NOTIMP; // Obsolete (RFC 1035 §3.2.3, RFC 973).
    default:
      return Rcode.FORMERR; // The meta-TYPEs are no data to ask for (RFC 6895 §3.1).
  }
}
