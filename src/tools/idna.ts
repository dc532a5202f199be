/** Names as people type them, to names as they are asked for: beyond ASCII as IDNA has them (RFC 5891 §4). */
import { domainToASCII } from 'node:url';

/** What IDNA does not know stays as it is. */
export const asciiName = (name: string): string =>
  /^[ -~]*$/.test(name) ? name : domainToASCII(name) || name;
