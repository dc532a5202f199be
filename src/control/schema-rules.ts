/**
 * The form of `recursion.rules` and `recursion.rebinding` in cairn.yaml: lists of rules about names, each a
 * file, or names or records right here, and what addresses names of others may not have. In and out as in
 * `schema`.
 */
import { basename, extname } from 'node:path';
import { z } from 'zod';
import { parseIp } from '../base/ip.ts';
import { RULE_ADDRESSES_MAX, RULE_LISTS_MAX, RULE_SECONDS } from '../base/limits.ts';
import { compileList } from '../rules/compile.ts';
import { RULE_ANSWERS, RULE_FORMATS, type RuleAnswer, type RuleListSettings } from '../rules/settings.ts';
import { Ede } from '../wire/codes.ts';
import { nameFromText } from '../wire/name.ts';
import type { Complaint } from '../zone/complaint.ts';
import {
  duration,
  expected,
  flag,
  list,
  name,
  PREFIX,
  prefix,
  table,
  text,
  whereRight,
} from './schema-parts.ts';
import { PRIVATE_ADDRESSES } from './settings.ts';

const ADDRESSES = `1 to ${RULE_ADDRESSES_MAX} addresses`;
const ANSWER = `one of ${RULE_ANSWERS.join(', ')}, ${ADDRESSES}, or alias: and a name`;
const addresses = list(
  z.string(expected('an address')).refine((t) => parseIp(t) !== undefined, expected('an address')),
  'addresses',
)
  .min(1, expected(ADDRESSES))
  .max(RULE_ADDRESSES_MAX, expected(ADDRESSES));

const answer = z.union(
  [z.enum(RULE_ANSWERS), addresses.transform((all) => ({ addresses: all })), table({ alias: name })],
  expected(ANSWER),
);

/** RFC 8914 §4.16, §4.17, §4.18 */
const EDES = { blocked: Ede.BLOCKED, censored: Ede.CENSORED, filtered: Ede.FILTERED } as const;
const EDE = `one of ${Object.keys(EDES).join(', ')}, or false for none`;

const NAMES = 'a domain name, or *. and one for what is below it';
const listed = z
  .string(expected(NAMES))
  .refine((t) => /^(\*\.)?[\w.-]+$/.test(t) && (nameFromText(t)?.length ?? 1) > 1, expected(NAMES));

/** What a record alone is wrong in, so that a complaint can point at it. */
const record = text('a record').superRefine((t, context) => {
  const complaints: Complaint[] = [];
  const list = {
    name: '',
    file: undefined,
    text: t,
    format: 'records',
    answer: 'pass',
    ede: undefined,
  } as const;
  compileList({ ...list, ttlSeconds: RULE_SECONDS }, Buffer.from(t), complaints);
  const [first] = complaints;
  if (first === undefined) return;
  const message = `expected a record as in a zone file (${first.text})`;
  context.addIssue({ code: 'custom', message, input: t });
});

const rule = table({
  name: text('a name').optional().meta({ description: 'What the list is called; by default as its file.' }),
  file: text('the name of a file').optional().meta({ description: 'The list, read again when it changes.' }),
  format: z
    .enum(RULE_FORMATS, expected(`one of ${RULE_FORMATS.join(', ')}`))
    .optional()
    .meta({
      description: 'What the file is: names with all below (domains, the default), hosts, RPZ, or records.',
    }),
  names: list(listed, 'names').optional().meta({ description: 'Names, each with all below it.' }),
  records: list(record, 'records')
    .optional()
    .meta({ description: 'Records as in a zone file; their names have no others.' }),
  answer: answer.optional().meta({ description: `What is told of the names: ${ANSWER}.` }),
  ede: z
    .union([z.enum(['blocked', 'censored', 'filtered']), z.literal(false)], expected(EDE))
    .optional()
    .meta({ description: `The Extended DNS Error of these answers: ${EDE}.` }),
  ttl: duration(0, 86_400_000)
    .prefault(`${RULE_SECONDS}s`)
    .meta({ description: 'How long clients may remember these answers.' }),
});
type Rule = z.output<typeof rule>;

/** One of these says what the rules are. */
const SOURCES = ['file', 'names', 'records'] as const;

const isOfNames = ({ records, format = 'domains' }: Rule): boolean =>
  records === undefined && (format === 'domains' || format === 'hosts');

function checkKeys(rule: Rule, context: z.RefinementCtx): void {
  const { file, format, answer } = rule;
  const complain = (path: PropertyKey[], what: string, input: unknown): void =>
    context.addIssue({ code: 'custom', path, message: `expected ${what}`, input });
  if (SOURCES.filter((key) => rule[key] !== undefined).length !== 1)
    complain([], 'one of the keys file, names and records', rule);
  if (file === undefined && format !== undefined) complain(['format'], 'a format only for a file', format);
  if (!isOfNames(rule) && answer !== undefined)
    complain(['answer'], 'no answer where the records say it', answer);
}

function settingsOf(lists: readonly Rule[], context: z.RefinementCtx): RuleListSettings[] {
  const names = new Set<string>();
  const complain = (path: PropertyKey[], what: string, input: unknown): void => {
    context.addIssue({ code: 'custom', path, message: `expected ${what}`, input });
  };
  return lists.map((each, i) => {
    const { file, format = 'domains', ttl, ede } = each;
    const called = each.name ?? (file === undefined ? `rules[${i}]` : basename(file, extname(file)));
    if (names.has(called))
      complain([i, 'name'], `a name that no other list has: there is a list ${called}`, called);
    names.add(called);
    return {
      name: called,
      file,
      text: [...(each.names ?? []), ...(each.records ?? [])].join('\n'),
      format: each.records === undefined ? format : 'records',
      answer: (each.answer ?? 'nxdomain') satisfies RuleAnswer,
      ede: edeOf(ede, isOfNames(each) || format === 'rpz'),
      ttlSeconds: Math.round(ttl / 1_000),
    };
  });
}

/** Data of one's own need no excuse. */
function edeOf(ede: Rule['ede'], isBlocking: boolean): number | undefined {
  if (ede === undefined) return isBlocking ? Ede.BLOCKED : undefined;
  return ede === false ? undefined : EDES[ede];
}

const checked = rule.superRefine(checkKeys, whereRight(...SOURCES, 'format', 'answer'));

export const rules = list(checked, 'lists of rules')
  .max(RULE_LISTS_MAX, expected(`at most ${RULE_LISTS_MAX} lists`))
  .transform((lists, context) => settingsOf(lists, context));

export const rebinding = table({
  enabled: flag
    .prefault(false)
    .meta({ description: 'Whether names of others may have no addresses of this network.' }),
  addresses: list(prefix(PREFIX), 'addresses and prefixes')
    .prefault([...PRIVATE_ADDRESSES])
    .meta({ description: 'Which addresses these are.' }),
  allow: list(name, 'domain names')
    .prefault([])
    .meta({ description: 'Names that may have them, with all below.' }),
}).transform(({ enabled, ...terms }) => (enabled ? terms : undefined));
