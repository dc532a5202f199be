/** The zones of the server itself, as a scene has them, in the words of the seam. */
import { type Answer, encode } from 'dns-packet';
import type { AnswerRrset } from '../../src/resolver/outcome.ts';
import type { OwnFinding } from '../../src/resolver/own-zones.ts';
import { type ResourceRecord, readMessage } from '../../src/wire/message.ts';
import { type Name, nameFromText, nameKey, ownName } from '../../src/wire/name.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { isWithin, type ScriptedZone } from './scripted-zone.ts';

const name = (text: string): Name => nameFromText(text === '.' ? '.' : text) as Name;

export function askOwn(zones: readonly ScriptedZone[], owner: string, type: string): OwnFinding {
  const zone = zones.find(({ apex }) => isWithin(owner, apex));
  if (zone === undefined) return { kind: 'outside' };
  const { rcode, answers, authorities, additionals } = zone.ask(owner, type);
  const cut = authorities[0];
  if (cut?.type === 'NS' && answers.length === 0) {
    const addressesOf = (server: string): string[] =>
      additionals.filter((r) => r.name === server).map((r) => String((r as { data: unknown }).data));
    const servers = authorities.map((r) => String((r as { data: unknown }).data));
    return {
      kind: 'delegation',
      cut: name(cut.name),
      servers: servers.map((server) => ({ name: name(server), addresses: addressesOf(server) })),
    };
  }
  const outcome = { rcode, answer: rrsets(answers), authority: rrsets(authorities), ede: undefined };
  return { kind: 'answer', outcomeFor: () => outcome };
}

function rrsets(records: Answer[]): AnswerRrset[] {
  const message = readMessage(encode({ type: 'response', questions: [], answers: records }));
  const byKey = new Map<string, ResourceRecord[]>();
  for (const record of message?.answer ?? []) {
    const key = `${nameKey(record.owner)} ${record.type}`;
    byKey.set(key, [...(byKey.get(key) ?? []), record]);
  }
  return [...byKey.values()].map((same) => {
    const { owner, type, ttl } = same[0] as ResourceRecord;
    return {
      owner: ownName(owner),
      block: packRrset(
        type,
        ttl,
        same.map(({ rdata }) => rdata),
      ),
      ttl,
    };
  });
}
