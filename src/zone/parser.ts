/**
 * Reads a zone file, and all it includes, into `Records` (RFC 1035 §5). A fault is a complaint with its
 * place, and reading goes on with the next entry, so that all are told. What is read before RDATA is read
 * from bytes; nearly every line of a large zone is an address, which makes no object at all.
 */
import type { Bytes } from '../base/bytes.ts';
import { u32 } from '../base/bytes.ts';
import { IPV4_BYTES, readIpv4 } from '../base/ip.ts';
import { Class, classText, Type } from '../wire/codes.ts';
import type { TextField } from '../wire/entry.ts';
import { extendHash, NAME_BYTES_MAX, type Name, nameHash, nameText } from '../wire/name.ts';
import { parseRdata } from '../wire/rdata-text.ts';
import type { Complaint } from './complaint.ts';
import { isDirective, obey } from './directives.ts';
import { ZoneFiles } from './files.ts';
import { Allowance } from './generate.ts';
import { Header } from './header.ts';
import { Lexer } from './lexer.ts';
import { TTL_SECONDS_MAX } from './mnemonics.ts';
import { isInZone, writeOwner } from './owner.ts';
import { Records } from './records.ts';
import { Report } from './report.ts';
import { FAULTY_OWNER, NO_OWNER, Scope } from './scope.ts';

export interface ZoneSource {
  readonly apex: Name;
  /** Path as the operator wrote it, used in complaints. */
  readonly file: string;
  /** The folder that $INCLUDE may not leave. */
  readonly root: string;
}

/** Complaints are collected, never thrown: all of them, up to a bound. */
export function parseZone(
  source: ZoneSource,
  complaints: Complaint[],
  files = new ZoneFiles(source.root),
): Records {
  const report = new Report(complaints);
  const text = files.openZone(source.file);
  if (text instanceof Uint8Array)
    return new Parser(source.apex, text.length, report, files).parse(text, source.file);
  report.error(source.file, 0, 0, `expected ${text.expected}`);
  return new Records(source.apex);
}

/** The same from text in memory, which can include nothing. */
export function parseZoneText(
  apex: Name,
  text: string | Uint8Array,
  complaints: Complaint[],
  file = 'zone',
): Records {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return new Parser(apex, bytes.length, new Report(complaints), undefined).parse(bytes, file);
}

export class Parser {
  readonly records: Records;
  readonly report: Report;
  readonly files: ZoneFiles | undefined;
  readonly allowance = new Allowance();
  /** Of the last $TTL (RFC 2308 §4), whichever file it is in, or what stands in for it; -1 before. */
  defaultTtl = -1;
  /** The last one a record stated (RFC 1035 §5.1); -1 before. */
  #statedTtl = -1;
  readonly #header = new Header();
  readonly #name = new Uint8Array(NAME_BYTES_MAX + 64);
  readonly #address = new Uint8Array(IPV4_BYTES);

  constructor(apex: Name, expectedBytes: number, report: Report, files: ZoneFiles | undefined) {
    this.records = new Records(apex, expectedBytes);
    this.report = report;
    this.files = files;
  }

  parse(text: Bytes, path: string): Records {
    const { apex, files } = this.records;
    files.push(path);
    this.read(new Scope(new Lexer(text), path, 0, apex, apex, this.report));
    this.report.close(path);
    return this.records;
  }

  read(scope: Scope): void {
    while (scope.lexer.next()) this.#entry(scope);
  }

  /** Of an entry of the scope, from a token on; none, and a complaint, where there is no header. */
  headerOf(scope: Scope, first: number): Header | undefined {
    return this.#header.read(scope, first) ? this.#header : undefined;
  }

  #entry(scope: Scope): void {
    const { lexer } = scope;
    if (lexer.fault !== '') {
      if (!lexer.indented) scope.owner = FAULTY_OWNER;
      scope.error(lexer.faultAt, `expected ${lexer.fault}`);
    } else if (!lexer.indented) {
      if (isDirective(lexer)) obey(this, scope);
      else if (this.#takeOwner(scope)) this.#record(scope, 1);
    } else if (scope.owner !== NO_OWNER) this.#record(scope, 0);
    else {
      scope.owner = FAULTY_OWNER;
      scope.expected(0, 'an owner name in the first column, as no record comes before');
    }
  }

  /** The entry's first token becomes the scope's owner. */
  #takeOwner(scope: Scope): boolean {
    const { text, starts, ends } = scope.lexer;
    const from = starts[0] as number;
    const size = (ends[0] as number) - from;
    scope.owner = FAULTY_OWNER;
    const isOrigin = size === 1 && text[from] === 0x40;
    const length = isOrigin ? -1 : writeOwner(text, from, from + size, scope.origin, this.#name);
    if (length < 0) {
      const name = scope.name(0);
      if (name === undefined) return false;
      this.#name.set(name);
    } else if (this.#name[0] === size && length === 1 + size + scope.origin.length && scope.originInZone) {
      // One label below the origin, whose hash is known.
      const hash = extendHash(scope.originHash, this.#name, 0);
      scope.owner = this.records.internHashed(this.#name, 0, hash);
      return true;
    }
    if (isInZone(this.#name, 0, this.records.apex)) {
      scope.owner = this.records.internHashed(this.#name, 0, nameHash(this.#name));
      return true;
    }
    const zone = nameText(this.records.apex);
    scope.error(from, `expected a name in the zone ${zone}, found ${nameText(this.#name)}`);
    return false;
  }

  #record(scope: Scope, first: number): void {
    const header = this.#header;
    if (!header.read(scope, first) || !this.#classFits(scope)) return;
    const { text, starts, ends, count, quoted } = scope.lexer;
    const token = header.rdataToken;
    const isPlain = header.type === Type.A && count === token + 1 && quoted[token] === 0;
    if (isPlain && readIpv4(text, starts[token] as number, ends[token] as number, this.#address, 0)) {
      this.#add(scope, this.#address);
      return;
    }
    const rdata = this.#rdata(scope, token);
    if (rdata !== undefined) this.#add(scope, rdata);
    // A SOA that cannot be read is told once, and not again by every record that wants its MINIMUM.
    else if (header.type === Type.SOA && this.#statedTtl < 0) this.#statedTtl = 0;
  }

  /** All records of a zone share one class, that of the first; what states none has it too. */
  #classFits(scope: Scope): boolean {
    const { klass, classToken } = this.#header;
    if (klass < 0) return true;
    if (klass === Class.NONE || klass === Class.ANY || klass === 0) {
      scope.expected(classToken, 'a class that data can have');
      return false;
    }
    if (this.records.count === 0) this.records.klass = klass;
    if (klass === this.records.klass) return true;
    scope.expected(classToken, `the class of the zone's records before, ${classText(this.records.klass)}`);
    return false;
  }

  #rdata(scope: Scope, first: number): Uint8Array | undefined {
    const { lexer } = scope;
    const { text, starts, ends, quoted } = lexer;
    const fields: TextField[] = [];
    for (let token = first; token < lexer.count; token++) {
      const from = starts[token] as number;
      // Not columns but offsets, from 1: the entry may have many lines.
      fields.push({ bytes: text.subarray(from, ends[token]), quoted: quoted[token] !== 0, column: from + 1 });
    }
    const rdata = parseRdata(this.#header.type, fields, scope.origin);
    if (rdata instanceof Uint8Array) return rdata;
    for (const { column, expected } of rdata) {
      const token = column === 0 ? lexer.count : fields.findIndex((field) => field.column === column) + first;
      scope.expected(token, expected);
    }
    return undefined;
  }

  #add(scope: Scope, rdata: Bytes): void {
    const { ttl, type } = this.#header;
    if (ttl >= 0) this.#statedTtl = ttl;
    const known = ttl >= 0 ? ttl : this.#impliedTtl(scope, rdata);
    if (scope.owner < 0) return;
    this.records.add(scope.owner, type, known, rdata, scope.lexer.line, scope.file);
  }

  /** RFC 2308 §4: the $TTL; RFC 1035 §5.1: the TTL stated last; else, as BIND has it, the SOA's MINIMUM. */
  #impliedTtl(scope: Scope, rdata: Bytes): number {
    if (this.defaultTtl >= 0) return this.defaultTtl;
    if (this.#statedTtl >= 0) return this.#statedTtl;
    const { type, rdataToken } = this.#header;
    const { starts } = scope.lexer;
    const typeAt = starts[rdataToken - 1] as number;
    if (type === Type.SOA) {
      this.defaultTtl = Math.min(u32(rdata, rdata.length - 4), TTL_SECONDS_MAX);
      scope.warning(typeAt, `no TTL, and no $TTL before: the MINIMUM, ${this.defaultTtl}, is taken for both`);
      return this.defaultTtl;
    }
    this.#statedTtl = 0;
    scope.error(typeAt, 'expected a TTL, for no $TTL and no record with a TTL comes before');
    return this.#statedTtl;
  }
}
