/**
 * Root hints: a master file with the NS of the root and the addresses of those servers, as IANA publishes it
 * (named.root). They serve to ask one of them who the root's servers are (RFC 9609 §2), and for nothing else.
 */
import { ipText } from '../base/ip.ts';
import { Type } from '../wire/codes.ts';
import { type Name, nameKey, nameText, ownName, ROOT } from '../wire/name.ts';
import type { Complaint } from '../zone/complaint.ts';
import { parseZoneText } from '../zone/parser.ts';
import type { Records } from '../zone/records.ts';
import type { NameServer } from './delegation.ts';

export interface RootHints {
  readonly rootHints: readonly NameServer[];
  readonly complaints: readonly Complaint[];
}

export function parseRootHints(text: string, file: string): RootHints {
  const complaints: Complaint[] = [];
  const records = parseZoneText(ROOT, text, complaints, file);
  const rootHints = serversIn(records);
  const complain = (severity: Complaint['severity'], words: string): void => {
    complaints.push({ file, line: 0, column: 0, severity, text: words });
  };
  if (rootHints.length === 0) complain('error', 'no NS record of the root: expected one per root server');
  else if (rootHints.every(({ addresses }) => addresses.length === 0)) {
    complain('error', 'no address of any root server: expected A or AAAA records');
  }
  for (const { name, addresses } of rootHints) {
    if (addresses.length === 0) complain('warning', `no address of ${nameText(name)}`);
  }
  return { rootHints, complaints };
}

function serversIn(records: Records): NameServer[] {
  const servers = new Map<string, { name: Name; addresses: string[] }>();
  const rows = Array.from({ length: records.count }, (_, row) => row);
  for (const row of rows) {
    const isRoot = records.name(records.owner[row] as number).length === 1;
    if (records.type[row] !== Type.NS || !isRoot) continue;
    const name = ownName(records.rdata(row));
    servers.set(nameKey(name), { name, addresses: [] });
  }
  for (const row of rows) {
    if (records.type[row] !== Type.A && records.type[row] !== Type.AAAA) continue;
    const owner = records.name(records.owner[row] as number);
    servers.get(nameKey(owner))?.addresses.push(ipText(records.rdata(row)));
  }
  return [...servers.values()];
}
