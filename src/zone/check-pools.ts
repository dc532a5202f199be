/**
 * Checks of pools (docs/POOLS.md): of what each is made, what stands beside it, whom it uses, and whether it
 * can answer as an alias. What is right and yet cannot be meant is told by `check-steering`.
 */
import { type Bytes, u8 } from '../base/bytes.ts';
import { POOL_MEMBERS_MAX } from '../base/limits.ts';
import { nearest } from '../base/nearest.ts';
import { Class, classText, Type, typeText } from '../wire/codes.ts';
import { textOf } from '../wire/entry.ts';
import { nameText } from '../wire/name.ts';
import {
  attributeLength,
  findAttribute,
  PoolAs,
  PoolKey,
  PoolKind,
  poolKind,
  poolSubjectAt,
} from '../wire/pool.ts';
import { subjectText } from '../wire/pool-record.ts';
import { checkCircles } from './check-circles.ts';
import { BESIDE_CNAME } from './check-names.ts';
import { checkSteering } from './check-steering.ts';
import { findTarget } from './check-targets.ts';
import { duplicatesIn } from './duplicates.ts';
import type { Inspection } from './inspection.ts';
import { isInZone } from './owner.ts';
import type { Records } from './records.ts';
import { OPEN } from './tree.ts';

/** Answered by choice where there is a pool. */
const CHOSEN = [Type.A, Type.AAAA, Type.SRV, Type.HTTPS, Type.SVCB];

/** Rows of a pool in `Records`, what stands there twice once. */
export interface Pool {
  /** Of its owner. */
  readonly id: number;
  readonly members: readonly number[];
  readonly uses: readonly number[];
  readonly options: readonly number[];
}

/** `checks` are the names that members may have theirs from; undefined where those are not known. */
export function checkPools(zone: Inspection, checks: ReadonlySet<string> | undefined): void {
  const { type, owner, count } = zone.records;
  const owners = new Set<number>();
  for (let row = 0; row < count; row++) if (type[row] === Type.POOL) owners.add(owner[row] as number);
  for (const id of owners) {
    const pool = poolAt(zone, id);
    checkShape(zone, pool);
    checkNeighbours(zone, pool);
    const used = checkUse(zone, pool);
    checkAlias(zone, pool, used);
    checkSteering(zone, pool, used);
    if (!isAliasPool(zone, pool)) checkCircles(zone, id, pool.members);
    if (checks) for (const row of pool.members) checkChecks(zone, row, checks);
  }
  for (const id of zone.records.derived) checkDerived(zone, id);
}

function poolAt(zone: Inspection, id: number): Pool {
  const { rows, records } = zone;
  const from = zone.find(id, Type.POOL);
  const end = rows.rrsetEnd(from, rows.start(id + 1));
  const twice = new Set(duplicatesIn(records, rows, from, end).map(({ row }) => row));
  const pool = { id, members: [] as number[], uses: [] as number[], options: [] as number[] };
  for (let at = from; at < end; at++) {
    const row = rows.row(at);
    if (twice.has(row)) continue;
    const kind = poolKind(records.rdata(row), 0);
    if (kind === PoolKind.USE) pool.uses.push(row);
    else if (kind === PoolKind.OPTIONS) pool.options.push(row);
    else pool.members.push(row);
  }
  return pool;
}

function checkShape(zone: Inspection, { id, members, uses, options }: Pool): void {
  const text = `the pool ${zone.text(id)}`;
  const [member] = members;
  const [use, secondUse] = uses;
  const [first, second] = options;
  const any = (member ?? use ?? first) as number;
  const { klass } = zone.records;
  if (klass !== Class.IN) zone.error(any, `${text} is of class ${classText(klass)}: expected class IN`);
  if (use !== undefined && member !== undefined)
    zone.error(use, `${text} has members and uses another pool: expected one of these`);
  if (use === undefined && member === undefined && zone.whole)
    zone.error(any, `${text} has no members: expected one, or use=NAME`);
  if (secondUse !== undefined) {
    const told = zone.placeOf(use as number, secondUse);
    zone.error(secondUse, `${text} uses another pool in ${told} already: expected one use`);
  }
  if (second !== undefined) {
    const told = zone.placeOf(first as number, second);
    zone.error(second, `${text} has options in ${told} already: expected one record * with all of them`);
  }
  const excess = members[POOL_MEMBERS_MAX];
  if (excess !== undefined)
    zone.error(excess, `${text} has ${members.length} members: expected at most ${POOL_MEMBERS_MAX}`);
}

function checkNeighbours(zone: Inspection, { id }: Pool): void {
  for (const type of CHOSEN) {
    const at = zone.find(id, type);
    if (at < 0) continue;
    const text = `${zone.text(id)} has ${typeText(type)} records beside a pool, which answers for them`;
    zone.error(zone.rows.row(at), `${text}: expected one of these`);
  }
}

/** The pool whose members it has, if we know that: its own, or another one's of this zone. */
function checkUse(zone: Inspection, pool: Pool): Pool | undefined {
  const [row] = pool.uses;
  if (row === undefined) return pool;
  const { rdataBytes, rdataAt, apex } = zone.records;
  const at = (rdataAt[row] as number) + 2 + poolSubjectAt(0);
  if (!isInZone(rdataBytes, at, apex)) return undefined;
  const id = zone.records.findName(rdataBytes, at);
  // Below a cut the name is another zone's, and perhaps we have that one.
  if (findTarget(zone, id, at).kind === 'below a cut') return undefined;
  const text = `the pool ${zone.text(pool.id)} uses ${nameText(rdataBytes, at)}`;
  if (id < 0 || !zone.has(id, Type.POOL)) {
    if (zone.whole) zone.error(row, `${text}, which is no pool: expected one`);
    return undefined;
  }
  const used = poolAt(zone, id);
  const [next] = used.uses;
  if (next === undefined) return used;
  // One hop at most, so there are no circles.
  const told = `which uses one itself in ${zone.placeOf(next, row)}`;
  zone.error(row, `${text}, ${told}: expected a pool with members`);
  return undefined;
}

const isAliasPool = (zone: Inspection, { options }: Pool): boolean =>
  options.some((row) => {
    const rdata = zone.records.rdata(row);
    const at = findAttribute(rdata, 0, rdata.length, PoolKey.AS);
    return at !== 0 && u8(rdata, at) === PoolAs.CNAME;
  });

/** RFC 1034 §3.6.2, RFC 2181 §10.1: what answers as an alias has nothing else to say, and so no apex can. */
function checkAlias(zone: Inspection, pool: Pool, used: Pool | undefined): void {
  if (!isAliasPool(zone, pool)) return;
  const { rows } = zone;
  const row = pool.options[0] as number;
  const text = `the pool ${zone.text(pool.id)} answers as a CNAME`;
  const others = new Set<string>();
  for (let at = rows.start(pool.id); at < rows.start(pool.id + 1); at++) {
    const type = rows.type(at);
    if (type !== Type.POOL && !BESIDE_CNAME.has(type)) others.add(typeText(type));
  }
  if (others.size > 0) {
    const beside = `and there are other data (${[...others].join(', ')})`;
    zone.error(row, `${text}, ${beside}: expected the pool alone (RFC 1034 §3.6.2)`);
  }
  for (const member of used?.members ?? []) {
    const rdata = zone.records.rdata(member);
    if (poolKind(rdata, 0) === PoolKind.HOST) continue;
    const told = `${subjectText(rdata, 0)} in ${zone.placeOf(member, row)}`;
    zone.error(row, `${text}, and has the member ${told}: expected host names only (RFC 1035 §3.3.1)`);
    return;
  }
}

/** All that members of pools have, each once. */
export function checksIn(records: Records): string[] {
  const names = new Set<string>();
  for (let row = 0; row < records.count; row++) {
    if (records.type[row] === Type.POOL) for (const name of checksOf(records.rdata(row))) names.add(name);
  }
  return [...names];
}

function* checksOf(rdata: Bytes): Generator<string> {
  const from = findAttribute(rdata, 0, rdata.length, PoolKey.CHECK);
  const end = from === 0 ? 0 : from + attributeLength(rdata, from);
  for (let at = from; at < end; at += 1 + u8(rdata, at)) {
    yield textOf(rdata.subarray(at + 1, at + 1 + u8(rdata, at)));
  }
}

function checkChecks(zone: Inspection, row: number, checks: ReadonlySet<string>): void {
  for (const name of checksOf(zone.records.rdata(row))) {
    if (checks.has(name)) continue;
    const meant = nearest(name, checks);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    zone.error(row, `no check is called ${name}: expected one that the settings have${hint}`);
  }
}

/** What is derived is a target, and is to be answered from this zone. */
function checkDerived(zone: Inspection, id: number): void {
  const cover = zone.cover(id);
  if (cover === OPEN) return;
  const row = zone.rows.row(zone.rows.start(id));
  const text = `${zone.text(id)}, the name of a pool member, is hidden by ${zone.text(cover)}`;
  zone.error(row, `${text}: expected no cut and no DNAME above it`);
}
