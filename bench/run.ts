/**
 * `npm run bench`: Cairn beside the peers that are installed, in one sitting. Prints tables, ratios and
 * goals, says what could not be measured, writes bench/latest.json. `--only PART[,PART]` runs some parts,
 * `--quick` one short round of each; neither touches latest.json. `--table` measures nothing: it prints the
 * README's tables from latest.json. Everything it starts is stopped, everything it writes is in a temporary
 * folder.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureScale, measureTcp, measureUdp } from './authoritative.ts';
import { authorities } from './authorities.ts';
import { measureTroubles } from './contest.ts';
import { measureFlood } from './flood.ts';
import { measureHealth } from './health.ts';
import { measureLatency } from './latency.ts';
import { measureLoad } from './load.ts';
import { describeMachine, isInstalled, versionOf } from './machine.ts';
import { gdnsd, measurePools } from './pools.ts';
import { readmeOf } from './readme.ts';
import { measureCached, measureMiss } from './recursive.ts';
import { recursors } from './recursors.ts';
import { measureReload } from './reload.ts';
import { PARTS, type Part, type Parts, type Results } from './results.ts';
import { CLIENT_CORE, outputOf } from './servers.ts';
import { linesOf } from './show.ts';
import { measureSiege } from './siege.ts';
import { Sitting } from './sitting.ts';
import { measureWeather } from './weather.ts';

const LATEST = new URL('./latest.json', import.meta.url);

const MEASURES: { readonly [Name in Part]: (sitting: Sitting) => Promise<Parts[Name]> } = {
  micro: (sitting) => asked('micro.ts', sitting),
  'front-heap': (sitting) => asked('front-heap.ts', sitting),
  udp: measureUdp,
  tcp: measureTcp,
  cached: measureCached,
  miss: measureMiss,
  latency: measureLatency,
  scale: measureScale,
  load: measureLoad,
  change: async (sitting) => {
    const { file, apex } = await sitting.bigZone();
    return script('change.ts', [file, apex]);
  },
  reload: measureReload,
  flood: measureFlood,
  troubles: measureTroubles,
  weather: measureWeather,
  siege: measureSiege,
  pools: measurePools,
  health: measureHealth,
};
const WITHOUT_LOAD: ReadonlySet<Part> = new Set([
  ...(['micro', 'front-heap', 'load', 'change', 'reload', 'troubles', 'weather', 'siege'] as const),
  'health',
]);

async function asked<Row>(name: string, sitting: Sitting): Promise<Row> {
  const [zone, queries] = [await sitting.zone(), await sitting.queries()];
  return script(name, [zone.file, zone.apex, queries]);
}

/** In a process of its own, so that nothing else is in its heap or has shaped its code. */
async function script<Row>(name: string, args: readonly string[]): Promise<Row> {
  const path = new URL(name, import.meta.url).pathname;
  return JSON.parse(await outputOf(process.execPath, ['--expose-gc', path, ...args]));
}

function versions(): Record<string, string> {
  const peers = [
    ...authorities({ apex: '', file: '', records: 0 }),
    ...recursors({ hints: '', cacheMb: 0 }),
    gdnsd(),
  ];
  const told = peers.map(({ name, program, version }) => [
    name,
    version && isInstalled(program) ? versionOf(program, version) : undefined,
  ]);
  return Object.fromEntries(told.filter(([, version]) => version !== undefined));
}

async function measure(parts: readonly Part[], sitting: Sitting): Promise<Results> {
  const machine = describeMachine();
  const measured: Parts = {};
  for (const part of parts) {
    if (!WITHOUT_LOAD.has(part) && !isInstalled('dnsperf')) sitting.skip(`${part}: dnsperf is not installed`);
    else Object.assign(measured, { [part]: await MEASURES[part](sitting) });
    for (const line of linesOf(part, measured)) console.log(line);
  }
  return { machine, versions: versions(), parts: measured, unmeasured: [...sitting.unmeasured] };
}

async function run(parts: readonly Part[], isQuick: boolean): Promise<void> {
  if (!isInstalled('taskset') || cpus().length === 1) {
    throw new Error(
      'the bench pins servers and clients to cores of their own: it needs taskset, and two cores',
    );
  }
  // Ourselves too, so that measuring takes nothing from who is measured.
  spawnSync('taskset', ['-acp', CLIENT_CORE, String(process.pid)]);
  const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'));
  // Again and again, while servers that have just been told to end still write.
  process.on('exit', () => rmSync(folder, { recursive: true, maxRetries: 5 }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  const results = await measure(parts, new Sitting(folder, isQuick));
  console.log('');
  if (results.machine.busyBefore > 0.5) {
    console.log(
      `the machine was busy with other things: load ${results.machine.busyBefore}. Trust CPU time at most.`,
    );
  }
  for (const what of results.unmeasured) console.log(`not measured: ${what}`);
  if (parts.length < PARTS.length || isQuick) return;
  writeFileSync(LATEST, `${JSON.stringify(results, null, 2)}\n`);
  console.log('written to bench/latest.json');
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean' }, table: { type: 'boolean' } },
});
const only = values.only?.split(',');
const unknown = only?.filter((name) => !PARTS.includes(name as Part)) ?? [];
if (unknown.length > 0) {
  console.error(`--only takes of ${PARTS.join(', ')}; there is no ${unknown.join(', ')}`);
  process.exitCode = 2;
} else if (values.table) {
  console.log(readmeOf(JSON.parse(readFileSync(LATEST, 'utf8'))));
} else {
  await run(only ? PARTS.filter((part) => only.includes(part)) : PARTS, values.quick ?? false);
}
