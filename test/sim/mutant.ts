/**
 * Preloaded into a run (`node --import`), breaks one line of the resolver: the mutant whose number is in
 * `SIM_MUTANT`. The table is what the simulator has to find; each row is a mistake that somebody could make.
 */
import { registerHooks } from 'node:module';

export interface Mutant {
  readonly mistake: string;
  /** In src/resolver. */
  readonly file: string;
  readonly line: string;
  readonly instead: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    mistake: 'the ID is not looked at',
    file: 'match.ts',
    line: 'u16(bytes, 0) !== sent.id',
    instead: 'false',
  },
  {
    mistake: 'the name in the question is not looked at',
    file: 'match.ts',
    line: '!equalNames(question.spelled, sent.spelled)',
    instead: 'false',
  },
  {
    mistake: 'the type in the question is not looked at',
    file: 'match.ts',
    line: 'question.class !== Class.IN || question.type !== sent.type',
    instead: 'false',
  },
  {
    mistake: 'what has expired is told',
    file: 'shelf.ts',
    line: 'return this.#askFor(fact) ? fact : -1;',
    instead: 'return fact;',
  },
  {
    mistake: 'TTLs do not run down',
    file: 'shelf.ts',
    line: 'Math.ceil((this.expiresMs(fact) - this.#world.nowMs()) / 1000)',
    instead: '86_400',
  },
  {
    mistake: 'anybody may delegate anything',
    file: 'referral.ts',
    line: 'owner.length > zone.length &&\n    isWithin(owner, zone) &&',
    instead: '',
  },
  {
    mistake: 'a DNAME from outside of the zone is followed',
    file: 'scrub.ts',
    line: '&& isWithin(owner, zone)',
    instead: '',
  },
  {
    mistake: 'records of other names answer the question',
    file: 'scrub.ts',
    line: ' && equalNames(record.owner, name)',
    instead: '',
  },
  {
    mistake: 'a DNAME keeps a letter too many',
    file: 'alias.ts',
    line: 'const kept = name.length - owner.length;',
    instead: 'const kept = name.length - owner.length - (name[0] === 1 ? 2 : 0);',
  },
  {
    mistake: 'no data is no name',
    file: 'knowledge.ts',
    line: "exists ? type : 'whole name'",
    instead: "'whole name'",
  },
  {
    mistake: 'a denial lives for as long as the SOA',
    file: 'freshness.ts',
    line: 'Math.min(rrsetTtl(block, 0), u32(rdata, rdata.length - 4))',
    instead: 'rrsetTtl(block, 0)',
  },
  {
    mistake: 'a delegation lives for ever',
    file: 'delegation.ts',
    line: 'nowMs + Math.min(ttl, CACHE_TTL_SECONDS_MAX) * 1000',
    instead: 'nowMs + 1e12',
  },
  {
    mistake: 'what is truncated is used',
    file: 'converse.ts',
    line: 'const fits = (message.flags & Flag.TC) === 0;',
    instead: 'const fits = true;',
  },
  {
    mistake: 'a refusal says that there is no data',
    file: 'classify.ts',
    line: "=== Rcode.NOTAUTH) return 'lame'",
    instead: "=== Rcode.NOTAUTH) return 'nodata'",
  },
  {
    mistake: 'questions of other types are joined',
    file: 'traffic.ts',
    line: 'const key = typedKey(asked.name, asked.type);\n    const open',
    instead: 'const key = typedKey(asked.name, 1);\n    const open',
  },
  {
    mistake: 'an alarm is left behind',
    file: 'recursor.ts',
    line: 'stopWatch?.();',
    instead: 'this.#world.after(1e9, () => undefined);',
  },
  {
    mistake: 'a client may wait for ever',
    file: 'recursor.ts',
    line: 'this.#world.after(this.#firstMs,',
    instead: 'this.#world.after(1e5,',
  },
  {
    mistake: 'a failure is remembered for a day',
    file: 'failures.ts',
    line: 'nowMs + seconds * 1000',
    instead: 'nowMs + 86_400_000',
  },
  {
    mistake: 'nothing bounds what one question costs',
    file: 'budget.ts',
    line: 'this.#purse.queries >= UPSTREAM_QUERIES_MAX',
    instead: 'false',
  },
];

const mutant = MUTANTS[Number(process.env.SIM_MUTANT ?? '-1')];
if (mutant !== undefined) {
  const { file, line, instead } = mutant;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/src/resolver/${file}`)) return loaded;
      const source = `${loaded.source}`;
      if (!source.includes(line)) throw new Error(`${file} has no "${line}"`);
      return { ...loaded, source: source.replace(line, instead) };
    },
  });
}
