/**
 * The machine under the benchmark, by /proc: what ran where, and what a process and its children cost. Linux
 * only.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Programs on PATH, where Debian's own servers live too. */
export const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

export const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`], { env: ENVIRONMENT }).status === 0;

/** The first thing that looks like a version in what a program says of itself. */
export function versionOf(program: string, flag: string): string | undefined {
  const { stdout, stderr } = spawnSync(program, [flag], { env: ENVIRONMENT, encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)*/.exec(`${stdout}${stderr}`)?.[0];
}

const output = (command: string, args: string[]): string =>
  spawnSync(command, args, { encoding: 'utf8' }).stdout?.trim() ?? '';

/** Processes that wanted a core in the last minute, before we want any. */
const busyBefore = (): number => Math.round(10 * (loadavg()[0] ?? 0)) / 10;

/** What a reader of the numbers has to know. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  readonly busyBefore: number;
}

export function describeMachine(): Machine {
  return {
    date: output('date', ['-u', '+%Y-%m-%dT%H:%MZ']),
    commit: output('git', ['describe', '--always', '--dirty']),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    busyBefore: busyBefore(),
  };
}

/**
 * Fields of /proc/PID/stat behind the program's name: state is 0, the parent 1, user and system ticks 11 and
 * 12.
 */
function stat(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return []; // It has just ended.
  }
}

function familyOf(pid: number): number[] {
  const children = readdirSync('/proc')
    .map(Number)
    .filter((other) => other > 0 && Number(stat(other)[1]) === pid);
  return [pid, ...children.flatMap(familyOf)];
}

const TICKS_PER_SECOND = Number(output('getconf', ['CLK_TCK'])) || 100;

/** Seconds of user and system time so far, children included. */
export function cpuSeconds(pid: number): number {
  const ticks = familyOf(pid).map((one) => Number(stat(one)[11] ?? 0) + Number(stat(one)[12] ?? 0));
  return ticks.reduce((sum, n) => sum + n, 0) / TICKS_PER_SECOND;
}

function kilobytes(pid: number, file: string, field: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Resident memory in MB, children included; a page that several share counts once. */
export const residentMb = (pid: number): number =>
  Math.round(familyOf(pid).reduce((sum, one) => sum + kilobytes(one, 'smaps_rollup', 'Pss'), 0) / 1024);

/** The most that any one of them ever held, in MB. */
export const peakMb = (pid: number): number =>
  Math.round(Math.max(...familyOf(pid).map((one) => kilobytes(one, 'status', 'VmHWM'))) / 1024);
