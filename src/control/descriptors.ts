/**
 * File descriptors: how many this process may have, how many the settings can need, and how many of them
 * clients over TCP get. In: settings. Out: bounds that hold, and one sentence where they are not those that
 * were asked for. Connections of strangers never take more than half, so that files, sockets to other servers
 * and whoever watches us find room.
 */
import { readFileSync } from 'node:fs';
import { DESCRIPTORS_BESIDES, TCP_DESCRIPTORS_SHARE, UPSTREAM_SOCKETS_MAX } from '../base/limits.ts';
import type { Settings } from './settings.ts';

/** Undefined where the system does not tell. Node has raised the soft limit to the hard one. */
export function descriptorLimit(file = '/proc/self/limits'): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync(file, 'latin1')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

export interface DescriptorPlan {
  readonly tcp: Settings['tcp'];
  /** What the operator is told. */
  readonly warning: string | undefined;
}

export function planDescriptors(
  settings: Pick<Settings, 'tcp' | 'recursion' | 'listen' | 'threads' | 'checks' | 'probes'>,
  limit = descriptorLimit(),
): DescriptorPlan {
  const { tcp, recursion, listen, threads, checks, probes } = settings;
  const asked = tcp.clientsMax;
  const upstream = recursion.enabled ? UPSTREAM_SOCKETS_MAX : 0;
  const probed = checks.length > 0 ? probes.atOnce : 0;
  const doors = Math.max(listen.length, 2) * (threads + 1);
  const needed = Math.ceil(
    Math.max(asked / TCP_DESCRIPTORS_SHARE, asked + upstream + probed + doors + DESCRIPTORS_BESIDES),
  );
  if (limit === undefined || needed <= limit) return { tcp, warning: undefined };
  const clientsMax = Math.max(1, Math.min(asked, Math.floor(limit * TCP_DESCRIPTORS_SHARE)));
  const given = clientsMax < asked ? `; until then there is room for ${clientsMax} TCP connections` : '';
  return {
    tcp: { ...tcp, clientsMax },
    warning:
      `what is configured can need ${needed} file descriptors, and this process may have ${limit}: ` +
      `raise the limit (LimitNOFILE=${needed} in the unit, or ulimit -n ${needed}), ` +
      `or lower tcp.clients${given}`,
  };
}
