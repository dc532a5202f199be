/**
 * `cairn check`: reads zone files and settings as the server would, and prints all complaints the way
 * compilers do, then one line that sums up. Exit code 1 when there is an error among them, 0 otherwise.
 */
import { basename, dirname, extname } from 'node:path';
import { configure, type Flags } from '../control/config.ts';
import { readAll } from '../control/load.ts';
import { countRules } from '../rules/loader.ts';
import { type Complaint, complaintText, hasErrors } from '../zone/complaint.ts';
import { loadZones, type ZoneFile } from '../zone/loader.ts';

export interface Output {
  out(text: string): void;
}

export interface CheckOptions {
  /** Each a zone file `NAME.zone`, `NAME=FILE` for one with another name, or settings, `*.yaml`. */
  readonly files: readonly string[];
  readonly config: string | undefined;
  readonly zones: string | undefined;
  readonly schema: boolean;
}

/** What was looked at, and what is wrong with it. */
interface Findings {
  readonly zones: number;
  readonly records: number;
  readonly rules: number;
  readonly complaints: readonly Complaint[];
}

export async function runCheck(options: CheckOptions, io: Output): Promise<number> {
  if (options.schema) {
    const { jsonSchema } = await import('../control/schema.ts');
    io.out(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
    return 0;
  }
  const { files, config, zones } = options;
  const isSettings = (file: string): boolean => ['.yaml', '.yml'].includes(extname(file));
  const findings: Findings[] = [];
  for (const file of files.filter(isSettings)) findings.push(await checkServer({ config: file }));
  const zoneFiles = files.filter((file) => !isSettings(file));
  if (zoneFiles.length > 0) findings.push(await checkZoneFiles(zoneFiles));
  if (files.length === 0 || config !== undefined || zones !== undefined) {
    findings.push(await checkServer({ config, zones }));
  }
  return report(findings, io);
}

/** Everything that `cairn serve` with these flags would read. */
export const checkAll = async (flags: Flags, io: Output): Promise<number> =>
  report([await checkServer(flags)], io);

async function checkServer(flags: Flags): Promise<Findings> {
  const { settings, complaints } = await configure(flags);
  if (settings === undefined) return { zones: 0, records: 0, rules: 0, complaints };
  const {
    loadout,
    zoneCount,
    complaints: more,
  } = await readAll({ ...settings, cache: { images: undefined, learned: undefined } });
  return {
    zones: zoneCount,
    records: loadout?.catalog.recordCount ?? 0,
    rules: countRules(loadout?.rules ?? []),
    complaints: [...complaints, ...more],
  };
}

async function checkZoneFiles(files: readonly string[]): Promise<Findings> {
  const complaints: Complaint[] = [];
  const zones = files.flatMap((text): ZoneFile[] => {
    const [, apex, file] = /^([^=/]+)=(.+)$/s.exec(text) ?? [undefined, apexOf(text), text];
    if (file !== undefined && apex !== undefined) return [{ apex, file, root: dirname(file) }];
    const expected = 'expected a file named NAME.zone, or NAME=FILE, to know which zone it is';
    complaints.push({ file: text, line: 0, column: 0, severity: 'error', text: expected });
    return [];
  });
  const loaded = await loadZones(zones);
  const records = loaded.zones.reduce((sum, { image }) => sum + image.recordCount, 0);
  return { zones: zones.length, records, rules: 0, complaints: [...complaints, ...loaded.complaints] };
}

function apexOf(file: string): string | undefined {
  const name = basename(file);
  if (name === 'root.zone') return '.';
  return name.endsWith('.zone') && name.length > 5 ? name.slice(0, -5) : undefined;
}

function report(findings: readonly Findings[], io: Output): number {
  const complaints = findings.flatMap((each) => each.complaints);
  for (const complaint of complaints) io.out(`${complaintText(complaint)}\n`);
  const errors = complaints.filter((complaint) => hasErrors([complaint])).length;
  const zones = findings.reduce((sum, each) => sum + each.zones, 0);
  const records = findings.reduce((sum, each) => sum + each.records, 0);
  const rules = findings.reduce((sum, each) => sum + each.rules, 0);
  const more = [count(records, 'record'), ...(rules > 0 ? [count(rules, 'rule')] : [])];
  const read = [count(zones, 'zone'), ...(errors > 0 ? [] : more)].join(', ');
  io.out(`${read}: ${count(errors, 'error')}, ${count(complaints.length - errors, 'warning')}\n`);
  return errors > 0 ? 1 : 0;
}

const count = (n: number, of: string): string => `${n} ${of}${n === 1 ? '' : 's'}`;
