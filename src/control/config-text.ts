/**
 * cairn.yaml as text: plain values out of it, and the way back from a value to its line and column. Syntax
 * errors become complaints, all of them; then there is no value.
 */
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { type Complaint, hasErrors } from '../zone/complaint.ts';

export type Path = readonly PropertyKey[];

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ConfigText {
  /** Undefined when the text is no YAML. */
  readonly value: unknown;
  readonly complaints: readonly Complaint[];
  /** Where the value at this path stands, or its key; the nearest thing around it when it is not there. */
  locate(path: Path, part: 'key' | 'value'): Place;
}

/** Aliases may repeat what they name this often: a hundred lines must not become a million values. */
const ALIASES_MAX = 100;

export function readConfigText(file: string, text: string): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error', // Its warnings are complaints below, and not to be written to stderr as well.
  });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const complaints = [...document.errors, ...document.warnings].map(
    (fault): Complaint => ({
      ...placeOf(fault.pos[0]),
      severity: fault.name === 'YAMLWarning' ? 'warning' : 'error',
      text: sentence(fault.message),
    }),
  );
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const text = `*${alias.source} names nothing: expected an anchor &${alias.source} before it`;
      complaints.push({ ...placeOf(alias.range?.[0] ?? 0), severity: 'error', text });
    },
  });
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const locate = (path: Path, part: 'key' | 'value'): Place => {
    let offset = 0;
    let node: unknown = document.contents;
    for (const [depth, step] of path.entries()) {
      const found = child(resolve(node), step);
      if (found === undefined) break;
      const wantsKey = part === 'key' && depth === path.length - 1;
      offset = (wantsKey ? found.key : undefined) ?? startOf(found.value) ?? found.key ?? offset;
      node = found.value;
    }
    return placeOf(offset);
  };
  if (hasErrors(complaints)) return { value: undefined, complaints, locate };
  try {
    return { value: document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {}, complaints, locate };
  } catch (error) {
    const complaint: Complaint = {
      ...placeOf(0),
      severity: 'error',
      text: sentence((error as Error).message),
    };
    return { value: undefined, complaints: [...complaints, complaint], locate };
  }
}

function child(node: unknown, step: PropertyKey): { key: number | undefined; value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { key: undefined, value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step,
  );
  return pair && { key: startOf(pair.key), value: pair.value };
}

const startOf = (node: unknown): number | undefined => (node as Node | null)?.range?.[0];

const sentence = (message: string): string => message.replace(/\s+/g, ' ').replace(/\.$/, '');
