/**
 * From cairn.yaml and the flags to settings, or to everything that is wrong with them. Flags win over the
 * file; both go through one schema. A complaint points at the line and column, or at the flag, and says what
 * was expected.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { z } from 'zod';
import { CONFIG_BYTES_MAX } from '../base/limits.ts';
import { nearest } from '../base/nearest.ts';
import { type Complaint, hasErrors } from '../zone/complaint.ts';
import { Report } from '../zone/report.ts';
import type { ConfigText, Path, Place } from './config-text.ts';
import { schema } from './schema.ts';
import { CONFIG_FILE_DEFAULT, type Settings } from './settings.ts';

export interface Flags {
  readonly config?: string | undefined;
  readonly listen?: readonly string[] | undefined;
  readonly zones?: string | undefined;
  /** Each `NAME=FILE`. */
  readonly zone?: readonly string[] | undefined;
  readonly recursion?: boolean | undefined;
  readonly rootHints?: string | undefined;
}

export interface Configured {
  /** Absent when there are errors among the complaints. */
  readonly settings: Settings | undefined;
  readonly complaints: readonly Complaint[];
  /** The file that was read, if there was one. */
  readonly file: string | undefined;
}

type Table = Record<string, unknown>;

export async function configure(flags: Flags, fileDefault = CONFIG_FILE_DEFAULT): Promise<Configured> {
  const complaints: Complaint[] = [];
  const file = flags.config ?? fileDefault;
  const text = await readConfig(file, flags.config !== undefined, complaints);
  const used = text === undefined ? undefined : file;
  return { ...settle(text, dirname(file), flags, complaints), file: used };
}

/** What the text of the file, which stands in `folder`, and the flags come to. */
export function settle(
  text: ConfigText | undefined,
  folder: string,
  flags: Flags,
  before: readonly Complaint[] = [],
): Omit<Configured, 'file'> {
  const complaints = [...before, ...(text?.complaints ?? [])];
  if (hasErrors(complaints)) return { settings: undefined, complaints: told(complaints) };
  const { table, flagOf } = overlay(rebase(text?.value ?? {}, folder), flags, complaints);
  const parsed = schema.safeParse(table);
  for (const issue of parsed.error?.issues ?? [])
    complaints.push(...complaintsOf(issue, table, text, flagOf));
  const settings = parsed.success && !hasErrors(complaints) ? parsed.data : undefined;
  return { settings, complaints: told(complaints) };
}

/** In the order of the file, as many as somebody would read, each in one line whatever it quotes. */
function told(all: readonly Complaint[]): Complaint[] {
  const complaints: Complaint[] = [];
  const report = new Report(complaints);
  for (const { severity, file, line, column, text } of all.toSorted(byPlace)) {
    report[severity](file, line, column, text.replace(/\p{Cc}/gu, escaped));
  }
  report.close(all[0]?.file ?? '');
  return complaints;
}

const byPlace = (a: Complaint, b: Complaint): number => a.line - b.line || a.column - b.column;

/** As JSON has it. */
const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

async function readConfig(
  file: string,
  wanted: boolean,
  complaints: Complaint[],
): Promise<ConfigText | undefined> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > CONFIG_BYTES_MAX) throw new Error(`larger than ${CONFIG_BYTES_MAX} bytes`);
    const { readConfigText } = await import('./config-text.ts');
    return readConfigText(file, bytes.toString('utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || wanted) {
      const why = code === 'ENOENT' ? 'there is no such file' : message;
      complaints.push({ file, line: 0, column: 0, severity: 'error', text: `cannot be read: ${why}` });
    }
    return undefined;
  }
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Without a prototype: a zone may be named `__proto__`. */
const copyOf = (value: unknown): Table => Object.assign(Object.create(null), isTable(value) ? value : {});

/** File names in cairn.yaml are relative to it, those in flags to where the command was given. */
function rebase(value: unknown, folder: string): unknown {
  if (!isTable(value)) return value;
  const based = (path: unknown): unknown =>
    typeof path === 'string' && path !== '' && !isAbsolute(path) ? join(folder, path) : path;
  const within = (table: unknown, pick: (key: string) => boolean): unknown =>
    isTable(table)
      ? Object.fromEntries(Object.entries(table).map(([key, v]) => [key, pick(key) ? based(v) : v]))
      : table;
  const named = within(value, (key) => key === 'zones' || key === 'hosts') as Table;
  if ('zone' in named) named.zone = within(named.zone, () => true);
  if ('cache' in named) named.cache = within(named.cache, (key) => key === 'images' || key === 'learned');
  if ('pools' in named) named.pools = within(named.pools, (key) => key === 'state');
  if ('places' in named) named.places = within(named.places, () => true);
  if ('control' in named) named.control = within(named.control, (key) => key === 'socket');
  if ('log' in named) named.log = rebaseLog(named.log, based);
  if ('recursion' in named) named.recursion = rebaseRecursion(named.recursion, within);
  return named;
}

type Within = (table: unknown, pick: (key: string) => boolean) => unknown;

function rebaseRecursion(recursion: unknown, within: Within): unknown {
  const based = within(recursion, (key) => key === 'rootHints' || key === 'localRoot');
  if (!isTable(based) || !Array.isArray(based.rules)) return based;
  return { ...based, rules: based.rules.map((list) => within(list, (key) => key === 'file')) };
}

/** `to` of `queries` names a file, or behind `unix:` a socket. */
function rebaseLog(log: unknown, based: (path: unknown) => unknown): unknown {
  if (!isTable(log) || !isTable(log.queries)) return log;
  const { to } = log.queries;
  const [, socket] = typeof to === 'string' ? (/^unix:(.*)$/s.exec(to) ?? []) : [];
  const target = socket === undefined ? based(to) : `unix:${based(socket)}`;
  return { ...log, queries: { ...log.queries, ...(to === undefined ? {} : { to: target }) } };
}

/** Lays the flags over the file, and remembers which value came from which flag. */
function overlay(
  written: unknown,
  flags: Flags,
  complaints: Complaint[],
): { table: unknown; flagOf: (path: Path) => string | undefined } {
  const origins = new Map<string, string>();
  const table = copyOf(written);
  const put = (into: Table, path: string, value: unknown, flag: string): void => {
    into[path.split('/').at(-1) as string] = value;
    origins.set(path, flag);
  };
  if (flags.listen !== undefined) put(table, 'listen', flags.listen, '--listen');
  if (flags.zones !== undefined) put(table, 'zones', flags.zones, '--zones');
  if (flags.zone !== undefined && (table.zone === undefined || isTable(table.zone))) {
    const zones = copyOf(table.zone);
    for (const given of flags.zone) {
      const [, name, file] = /^([^=]+)=(.+)$/s.exec(given) ?? [];
      if (name !== undefined) put(zones, `zone/${name}`, file, '--zone');
      else complaints.push(flagComplaint('--zone', `expected NAME=FILE, found ${foundText(given)}`));
    }
    table.zone = zones;
  }
  if (table.recursion === undefined || isTable(table.recursion)) {
    const recursion = copyOf(table.recursion);
    if (flags.recursion === false) put(recursion, 'recursion/enabled', false, '--no-recursion');
    if (flags.rootHints !== undefined) put(recursion, 'recursion/rootHints', flags.rootHints, '--root-hints');
    table.recursion = recursion;
  }
  const flagOf = (path: Path): string | undefined =>
    path.map((_, i) => origins.get(path.slice(0, i + 1).join('/'))).find((flag) => flag !== undefined);
  return { table: isTable(written) ? table : written, flagOf };
}

const flagComplaint = (flag: string, text: string): Complaint => ({
  file: flag,
  line: 0,
  column: 0,
  severity: 'error',
  text,
});

type Issue = z.core.$ZodIssue;

const isDeeper = ({ path }: Issue): boolean => path.length > 0;

function complaintsOf(
  issue: Issue,
  table: unknown,
  text: ConfigText | undefined,
  flagOf: (path: Path) => string | undefined,
): Complaint[] {
  const at = (path: Path, part: 'key' | 'value'): Place => {
    const flag = flagOf(path);
    if (flag !== undefined || text === undefined) return { file: flag ?? 'settings', line: 0, column: 0 };
    return text.locate(path, part);
  };
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      ...at([...issue.path, key], 'key'),
      severity: 'error',
      text: unknownKey(issue.path, key),
    }));
  }
  // Of several things that a value could have been, it is the one whose parts were looked at.
  const meant =
    issue.code === 'invalid_union' ? issue.errors.find((inner) => inner.some(isDeeper)) : undefined;
  if (meant !== undefined) {
    const inner = meant.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
    return inner.flatMap((one) => complaintsOf(one, table, text, flagOf));
  }
  const isKey = issue.code === 'invalid_key';
  const expected = (isKey && issue.issues[0]?.message) || issue.message;
  // A secret with a digit too many is still one, and complaints go to the log.
  const isSecret = issue.path.at(-2) === 'secrets';
  const found = isSecret ? 'another text' : foundText(isKey ? issue.path.at(-1) : valueAt(table, issue.path));
  const where = issue.path.length > 0 ? `${pathText(issue.path)}: ` : '';
  const complaint = `${where}${expected}, found ${found}`;
  return [{ ...at(issue.path, isKey ? 'key' : 'value'), severity: 'error', text: complaint }];
}

function unknownKey(path: Path, key: string): string {
  const known = keysAt(path);
  const meant = nearest(key, known);
  const hint = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${meant}?`;
  return `${pathText([...path, key])}: no such key; ${hint}`;
}

/** The keys that the schema has at a path. */
function keysAt(path: Path): string[] {
  let node: z.ZodType | undefined = schema;
  for (const step of [...path, undefined]) {
    let definition = (node as z.ZodType | undefined)?._zod.def as unknown as Table | undefined;
    while (definition !== undefined && !('shape' in definition) && !('valueType' in definition)) {
      const options = definition.options as readonly z.ZodType[] | undefined;
      const inner = (definition.in ?? definition.innerType ?? options?.at(-1)) as z.ZodType | undefined;
      definition = inner?._zod.def as unknown as Table | undefined;
    }
    const shape = (definition?.shape ?? {}) as Record<string, z.ZodType>;
    if (step === undefined) return Object.keys(shape);
    node = (definition?.valueType as z.ZodType | undefined) ?? shape[String(step)];
  }
  return [];
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, step) => (inner as Table | undefined)?.[step as string], value);

const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );

function foundText(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a table';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
