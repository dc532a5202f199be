/**
 * Master files (RFC 1035 §5) whose records are rules: owner by owner, with what each of them has. Names are
 * absolute with or without a final dot, until an $ORIGIN says otherwise.
 */
import { assert } from '../base/assert.ts';
import { Type } from '../wire/codes.ts';
import { type Name, nameText, ROOT } from '../wire/name.ts';
import { packRrset, RRSET_RRS_BYTES_MAX } from '../wire/rrset.ts';
import { Parser } from '../zone/parser.ts';
import type { Records } from '../zone/records.ts';
import type { Rows } from '../zone/rows.ts';
import { settle } from '../zone/settle.ts';
import { Act, packAction } from './action.ts';
import { About } from './image.ts';
import type { Page } from './settings.ts';

const ASTERISK = 0x2a;

export interface Owner {
  readonly name: Name;
  readonly line: number;
  /** Positions of its rows. */
  readonly from: number;
  readonly to: number;
}

export class RecordRules {
  readonly records: Records;
  readonly rows: Rows;
  readonly #page: Page;

  /** `ttlSeconds` is for records that state none. */
  constructor(page: Page, ttlSeconds: number) {
    const { text, file, report } = page;
    const parser = new Parser(ROOT, text.length, report, undefined);
    parser.defaultTtl = ttlSeconds;
    this.#page = page;
    this.records = parser.parse(text, file);
    this.rows = settle(this.records);
  }

  *owners(): Generator<Owner> {
    const { records, rows } = this;
    for (let id = 0; id < records.nameCount; id++) {
      const [from, to] = [rows.start(id), id + 1 < records.nameCount ? rows.start(id + 1) : rows.count];
      if (from === to) continue;
      yield { name: records.name(id), line: records.line[rows.row(from)] as number, from, to };
    }
  }

  /** Of a rule that gives these records, or renames; none, and a complaint, where that cannot be. */
  actionOf({ name, line, from, to }: Owner): number | undefined {
    const { records, rows } = this;
    const { builder, report, file } = this.#page;
    const blocks: Uint8Array[] = [];
    for (let at = from; at < to; ) {
      const end = rows.rrsetEnd(at, to);
      const rdatas = Array.from({ length: end - at }, (_, i) => records.rdata(rows.row(at + i)));
      const isAlias = rows.type(at) === Type.CNAME;
      if (isAlias && (rdatas.length > 1 || to - from > 1)) {
        // RFC 2181 §10.1
        report.error(file, line, 0, `expected nothing but one CNAME at ${nameText(name)}`);
        return undefined;
      }
      if (isAlias) return builder.action(packAction(Act.ALIAS, rows.ttl(at), rdatas[0] as Uint8Array));
      if (rdatas.reduce((sum, { length }) => sum + 2 + length, 0) > RRSET_RRS_BYTES_MAX) {
        report.error(file, line, 0, `expected records at ${nameText(name)} that fit into a message`);
        return undefined;
      }
      blocks.push(packRrset(rows.type(at), rows.ttl(at), rdatas));
      at = end;
    }
    assert(from < to, 'an owner has records');
    return builder.action(packAction(Act.DATA, rows.ttl(from), ...blocks));
  }

  /** `*.name` is all below the name, as the nearest to what is asked for. */
  add(name: Name, action: number, line: number): void {
    const isBelow = name[0] === 1 && name[1] === ASTERISK;
    const { builder, report, file } = this.#page;
    const isTaken = builder.add(isBelow ? About.BELOW : About.NAME, name, isBelow ? 2 : 0, action, line);
    if (!isTaken)
      report.error(file, line, 0, 'expected fewer or shorter names: there is no room for this one');
  }
}

/** Names that have the records which are written, and no others. */
export function readRecords(page: Page, ttlSeconds: number): void {
  const rules = new RecordRules(page, ttlSeconds);
  for (const owner of rules.owners()) {
    const action = rules.actionOf(owner);
    if (action !== undefined) rules.add(owner.name, action, owner.line);
  }
}
