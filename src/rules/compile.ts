/**
 * From the text of a list to its image, or to everything that is wrong with it.
 */
import { IPV4_BYTES, ipText, parseIp } from '../base/ip.ts';
import { Type } from '../wire/codes.ts';
import { type Name, nameFromText } from '../wire/name.ts';
import { packRrset } from '../wire/rrset.ts';
import { type Complaint, hasErrors } from '../zone/complaint.ts';
import { Report } from '../zone/report.ts';
import { Act, packAction } from './action.ts';
import { RuleBuilder } from './builder.ts';
import { readNames } from './names.ts';
import { readPolicyZone } from './policy-zone.ts';
import { readRecords } from './record-rules.ts';
import type { Page, RuleListSettings } from './settings.ts';

/** There is no image where there are errors among the complaints. */
export function compileList(
  list: RuleListSettings,
  text: Uint8Array,
  complaints: Complaint[],
): SharedArrayBuffer | undefined {
  const own: Complaint[] = [];
  const report = new Report(own);
  const file = list.file ?? `the list ${list.name}`;
  const builder = new RuleBuilder();
  const page: Page = { text, file, report, builder };
  if (list.format === 'rpz') readPolicyZone(page);
  else if (list.format === 'records') readRecords(page, list.ttlSeconds);
  else readNames(page, list.format, builder.action(answerAction(list)));
  const image = hasErrors(own) ? undefined : builder.finish();
  if (image === undefined && !hasErrors(own)) report.error(file, 0, 0, COLLIDING);
  complaints.push(...own);
  return image;
}

const COLLIDING = 'expected names that were not chosen to be slow to look up: too many of them collide';

const ACTS = {
  nxdomain: Act.NXDOMAIN,
  nodata: Act.NODATA,
  refused: Act.REFUSED,
  drop: Act.DROP,
  pass: Act.PASS,
} as const;

function answerAction({ answer, ttlSeconds: ttl }: RuleListSettings): Uint8Array {
  if (typeof answer === 'string') return packAction(ACTS[answer], ttl);
  if ('alias' in answer) return packAction(Act.ALIAS, ttl, nameFromText(answer.alias) as Name);
  // RFC 2181 §5: an RRset has no record twice.
  const unique = new Map(
    answer.addresses.flatMap((text) => parseIp(text) ?? []).map((ip) => [ipText(ip), ip]),
  );
  const addresses = [...unique.values()];
  const short = addresses.filter(({ length }) => length === IPV4_BYTES);
  const long = addresses.filter(({ length }) => length !== IPV4_BYTES);
  return packAction(
    Act.DATA,
    ttl,
    ...(short.length > 0 ? [packRrset(Type.A, ttl, short)] : []),
    ...(long.length > 0 ? [packRrset(Type.AAAA, ttl, long)] : []),
  );
}
