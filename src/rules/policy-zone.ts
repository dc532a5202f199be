/**
 * Response policy zones (draft-vixie-dnsop-dns-rpz): the owner of a record, below the apex, says what a rule
 * is about, and a CNAME to a name with a meaning what is done; other records are told as they are. Rules
 * about clients and about name servers, and answers by TCP only, are left out, and told.
 */
import { parseIpv4, parseIpv6 } from '../base/ip.ts';
import { RULE_SECONDS } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { equalNames, type Name, nameFromText, nameText, ROOT } from '../wire/name.ts';
import { isInZone } from '../zone/owner.ts';
import { Act, packAction } from './action.ts';
import { LeftOut } from './left-out.ts';
import { type Owner, RecordRules } from './record-rules.ts';
import type { Page } from './settings.ts';

const wire = (text: string): Name => nameFromText(text) as Name;
const ASTERISK = wire('*');
const TCP_ONLY = wire('rpz-tcp-only');

/** §3: what a CNAME to one of these does. */
const ACTS: readonly (readonly [target: Name, act: number])[] = [
  [ROOT, Act.NXDOMAIN],
  [ASTERISK, Act.NODATA],
  [wire('rpz-passthru'), Act.PASS],
  [wire('rpz-drop'), Act.DROP],
];

/** §4: the label under the apex that says what a rule is about, where it is not a name. */
const ADDRESS = 'rpz-ip';
const NOT_DONE: ReadonlySet<string> = new Set(['rpz-client-ip', 'rpz-nsdname', 'rpz-nsip']);

export function readPolicyZone(page: Page): void {
  const rules = new RecordRules(page, RULE_SECONDS);
  const apex = apexOf(rules);
  if (apex === undefined)
    page.report.error(page.file, 0, 0, 'expected one SOA, at the apex of the policy zone');
  else new PolicyZone(page, rules, apex).read();
}

function apexOf({ records }: RecordRules): Name | undefined {
  const first = records.type.subarray(0, records.count).indexOf(Type.SOA);
  const isOnly = first >= 0 && records.type.subarray(first + 1, records.count).indexOf(Type.SOA) < 0;
  return isOnly ? records.name(records.owner[first] as number) : undefined;
}

class PolicyZone {
  readonly #page: Page;
  readonly #rules: RecordRules;
  readonly #apex: Name;
  readonly #leftOut: LeftOut;

  constructor(page: Page, rules: RecordRules, apex: Name) {
    this.#page = page;
    this.#rules = rules;
    this.#apex = apex;
    this.#leftOut = new LeftOut(page.report, page.file);
  }

  read(): void {
    for (const owner of this.#rules.owners()) {
      if (isInZone(owner.name, 0, this.#apex)) this.#take(owner);
      else this.#fault(owner, `expected a name in the policy zone ${nameText(this.#apex)}`);
    }
    this.#leftOut.tell();
  }

  #take(owner: Owner): void {
    const { name, line } = owner;
    const subject = new Uint8Array(name.length - this.#apex.length + 1);
    subject.set(name.subarray(0, subject.length - 1));
    if (subject.length === 1) return; // SOA and NS of the zone itself are no rules.
    const last = lastLabel(subject);
    if (NOT_DONE.has(last)) this.#leftOut.note(`rules with ${last}`, line);
    const action = NOT_DONE.has(last) ? undefined : this.#actionOf(owner, subject);
    if (action === undefined) return;
    if (last === ADDRESS) this.#takePrefix(owner, nameText(subject).split('.').slice(0, -2), action);
    else this.#rules.add(subject, action, line);
  }

  /** Undefined, and told, where there is none. */
  #actionOf(owner: Owner, subject: Name): number | undefined {
    const { records, rows } = this.#rules;
    const { builder } = this.#page;
    const isAlias = rows.type(owner.from) === Type.CNAME && owner.to - owner.from === 1;
    if (!isAlias) return this.#rules.actionOf(owner);
    const ttl = rows.ttl(owner.from);
    const target = records.rdata(rows.row(owner.from));
    if (equalNames(target, TCP_ONLY)) {
      this.#leftOut.note('answers by TCP only (rpz-tcp-only)', owner.line);
      return undefined;
    }
    // §3.3: the alias of a name to itself is how passthru was written at first.
    const act = equalNames(target, subject) ? Act.PASS : ACTS.find(([name]) => equalNames(name, target))?.[1];
    if (act !== undefined) return builder.action(packAction(act, ttl));
    const isBelow = target[0] === 1 && target[1] === ASTERISK[1];
    if (isBelow) return builder.action(packAction(Act.ALIAS_BELOW, ttl, target.subarray(2)));
    return this.#rules.actionOf(owner);
  }

  #takePrefix(owner: Owner, labels: readonly string[], action: number): void {
    const prefix = prefixFrom(labels);
    if (typeof prefix === 'string') this.#fault(owner, `expected ${prefix}`);
    else if (!this.#page.builder.addPrefix(prefix.address, prefix.bits, action, owner.line))
      this.#fault(owner, 'expected fewer rules: there is no room for this one');
  }

  #fault({ name, line }: Owner, text: string): void {
    this.#page.report.error(this.#page.file, line, 0, `${text}, found ${nameText(name)}`);
  }
}

function lastLabel(name: Name): string {
  let at = 0;
  let next = 0;
  while (name[next] !== 0) {
    at = next;
    next += 1 + (name[at] as number);
  }
  return Buffer.from(name.subarray(at + 1, next)).toString('latin1');
}

/** §4.1.1: `24.0.2.0.192` is 192.0.2.0/24, `48.zz.1.db8.2001` is 2001:db8:1::/48. What is wrong, in words. */
function prefixFrom([length = '', ...reversed]: readonly string[]):
  | { address: Uint8Array; bits: number }
  | string {
  const parts = reversed.toReversed();
  const long = parts.join(':').replace(/(^|:)zz(:|$)/, '::');
  const address = parseIpv4(parts.join('.')) ?? parseIpv6(long);
  if (address === undefined) return 'an address in reverse order, with zz for ::';
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : 0;
  if (bits < 1 || bits > 8 * address.length) return `a prefix length from 1 to ${8 * address.length}`;
  const isClean = address.every((byte, i) => (byte & (0xff >> Math.max(Math.min(bits - 8 * i, 8), 0))) === 0);
  return isClean ? { address, bits } : 'an address whose bits behind the prefix are 0';
}
