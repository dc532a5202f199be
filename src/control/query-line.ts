/**
 * A line of the query log: what was asked, by whom, and what became of it. Plain values, which can be
 * posted.
 */
import { ipText } from '../base/ip.ts';
import type { Client } from '../transport/door.ts';
import { classText, rcodeText, typeText } from '../wire/codes.ts';
import { nameText } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';

export function queryLine(query: Query, { transport, address, port }: Client, rcode: number): object {
  return {
    client: `${ipText(address)}#${port}`,
    over: transport,
    name: nameText(query.name.bytes),
    type: typeText(query.type),
    class: classText(query.class),
    rcode: rcodeText(rcode),
  };
}
