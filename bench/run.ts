/**
 * `npm run bench`: Cairn beside the peers that are installed, in one sitting. Prints tables and ratios, says
 * what could not be measured, writes bench/latest.json. `--only micro|udp|load` runs one part (and leaves
 * latest.json alone), `--quick` one short round of each. Everything it starts is stopped, everything it
 * writes is in a temporary folder.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { measureLoad } from './load.ts';
import { describeMachine, isInstalled } from './machine.ts';
import type { MicroRow } from './micro.ts';
import { CLIENT_CORE } from './servers.ts';
import { BUDGET, showLoad, showMicro, showUdp } from './show.ts';
import { measureUdp } from './udp.ts';
import { writeBigZone, writeQueries, writeZone } from './zone.ts';

const PARTS = ['micro', 'udp', 'load'] as const;
type Part = (typeof PARTS)[number];

const flags = process.argv.slice(2);
const only = flags[flags.indexOf('--only') + 1] as Part | undefined;
const parts = flags.includes('--only') ? PARTS.filter((part) => part === only) : PARTS;
const isQuick = flags.includes('--quick');
if (parts.length === 0) {
  console.error(`--only takes one of ${PARTS.join(', ')}`);
  process.exit(2);
}

const unmeasured = new Set<string>();
const skip = (why: string): void => void unmeasured.add(why);
const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'));

async function micro(): Promise<MicroRow> {
  const zone = await writeZone(folder);
  const queries = await writeQueries(folder);
  const script = new URL('./micro.ts', import.meta.url).pathname;
  const args = [script, join(folder, zone.file), zone.apex, queries];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function udp(): Promise<Awaited<ReturnType<typeof measureUdp>> | undefined> {
  if (!isInstalled('dnsperf')) {
    skip('answers per second: dnsperf is not installed');
    return undefined;
  }
  const zone = await writeZone(folder);
  const queries = await writeQueries(folder);
  return measureUdp(
    folder,
    zone,
    queries,
    isQuick ? { rounds: 1, seconds: 3 } : { rounds: 3, seconds: 5 },
    skip,
  );
}

const load = async (): Promise<Awaited<ReturnType<typeof measureLoad>>> =>
  measureLoad(folder, await writeBigZone(folder), isQuick ? 1 : 3, skip);

async function run(): Promise<void> {
  if (!isInstalled('taskset') || cpus().length === 1) {
    throw new Error(
      'the bench pins servers and clients to cores of their own: it needs taskset, and two cores',
    );
  }
  // Ourselves too, so that measuring takes nothing from who is measured.
  spawnSync('taskset', ['-cp', CLIENT_CORE, String(process.pid)]);
  const machine = describeMachine();
  const results = {
    machine,
    budget: BUDGET,
    micro: parts.includes('micro') ? await micro().then(showMicro) : undefined,
    udp: parts.includes('udp') ? await udp().then((rows) => rows && showUdp(rows)) : undefined,
    load: parts.includes('load') ? await load().then(showLoad) : undefined,
    unmeasured: [...unmeasured],
  };
  if (Number(machine.busyBefore) > 0.5) {
    console.log(
      `the machine was busy with other things: load ${machine.busyBefore}. Trust CPU time at most.`,
    );
  }
  for (const what of unmeasured) console.log(`not measured: ${what}`);
  if (only !== undefined || isQuick) return;
  const file = new URL('./latest.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  console.log('written to bench/latest.json');
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true });
}
