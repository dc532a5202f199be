/**
 * What an operator can do where the system does not let us listen: one message for each reason, with all the
 * addresses it concerns.
 */
import { listenText } from '../transport/addresses.ts';
import type { Refusal } from './doors.ts';

export function refusalTexts(refused: readonly Refusal[], userId: number | undefined): string[] {
  const codes = [...new Set(refused.map(({ code }) => code))];
  return codes.map((code) => {
    const those = refused.filter((each) => each.code === code);
    return `cannot listen on ${placesText(those)}: ${remedy(code, those, userId)}`;
  });
}

/** `127.0.0.1:53 (UDP, TCP), [::1]:53 (TCP)` */
function placesText(refused: readonly Refusal[]): string {
  const ways = new Map<string, string[]>();
  for (const { listen, via } of refused) {
    const text = listenText(listen);
    ways.set(text, [...(ways.get(text) ?? []), via]);
  }
  return [...ways].map(([text, via]) => `${text} (${via.join(', ')})`).join(', ');
}

function remedy(code: string, refused: readonly Refusal[], userId: number | undefined): string {
  const port = refused[0]?.listen.port ?? 53;
  if (code === 'EADDRINUSE') {
    const stub =
      port === 53 ? ' (a stub of systemd-resolved ends with DNSStubListener=no in resolved.conf)' : '';
    const find = `as root, "ss -lunp sport = :${port}" and "ss -ltnp sport = :${port}" name it`;
    return `another process listens there; ${find}: stop it${stub}, or choose other addresses`;
  }
  if (code === 'EACCES' && port < 1024) {
    const root = userId === 0 ? '' : 'start as root with user: set, ';
    return (
      `ports below 1024 need a privilege; ${root}start by systemd with ` +
      'AmbientCapabilities=CAP_NET_BIND_SERVICE, ' +
      'give the capability to the program (setcap cap_net_bind_service=+ep on the node binary), ' +
      `allow everyone (sysctl net.ipv4.ip_unprivileged_port_start=${port}), or choose a port from 1024 on`
    );
  }
  if (code === 'EADDRNOTAVAIL') return 'no interface of this machine has that address';
  return code;
}
