/**
 * Probes by Node's own sockets: those over TLS, and all of them where `native-carrier` has not what it needs.
 * Nothing is looked up: a target is an address.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { getSystemErrorMessage } from 'node:util';
import { literalSocket } from '../transport/udp.ts';
import { type Carrier, CLOSED, CONNECTED, type Way } from './carrier.ts';
import type { TlsTerms } from './check.ts';
import { type Cancel, down, type Endpoint, type Talk, type Told, type Verdict } from './conversation.ts';

export class NodeCarrier implements Carrier {
  readonly #open = new Set<Cancel>();
  /** Reading the certificates of all authorities takes a while. */
  #context: SecureContext | undefined;

  carry(to: Endpoint, way: Way, talk: Talk, told: Told): Cancel {
    const cancel =
      way.by === 'datagram' ? overDatagram : this.#overStream(way.by === 'tls' ? way.terms : undefined);
    const close = cancel(to, talk, (verdict) => {
      this.#open.delete(close);
      told(verdict);
    });
    this.#open.add(close);
    return () => {
      this.#open.delete(close);
      close();
    };
  }

  close(): void {
    for (const close of this.#open) close();
    this.#open.clear();
  }

  #overStream(tls: TlsTerms | undefined) {
    return (to: Endpoint, talk: Talk, told: Told): Cancel => {
      const socket = tls
        ? this.#connectTls(to, tls)
        : connect({ host: to.address, port: to.port, noDelay: true });
      return overStream(socket, tls ? 'secureConnect' : 'connect', talk, told);
    };
  }

  #connectTls({ address: host, port }: Endpoint, { serverName, verify }: TlsTerms): Socket {
    this.#context ??= createSecureContext();
    const name = serverName === undefined ? {} : { servername: serverName };
    return connectTls({
      ...{ host, port, ...name, secureContext: this.#context },
      rejectUnauthorized: verify,
    });
  }
}

function overStream(socket: Socket, opened: string, talk: Talk, told: Told): Cancel {
  let isOver = false;
  const close = (): void => {
    isOver = true;
    socket.destroy();
  };
  const tell = (verdict: Verdict | undefined): void => {
    if (isOver || verdict === undefined) return;
    close();
    told(verdict);
  };
  socket.once(opened, () => {
    if (talk === undefined) tell(CONNECTED);
    else socket.write(talk.request);
  });
  if (talk !== undefined) socket.on('data', (bytes) => tell(isOver ? undefined : talk.hear(bytes)));
  socket.on('end', () => tell(talk?.ended()));
  socket.on('error', (error) => tell(down(refusal(error))));
  socket.on('close', () => tell(down(CLOSED)));
  return close;
}

function overDatagram({ address, port }: Endpoint, talk: Talk, told: Told): Cancel {
  const socket = literalSocket(address);
  let isOver = false;
  const close = (): void => {
    if (isOver) return;
    isOver = true;
    socket.close();
  };
  const tell = (verdict: Verdict | undefined): void => {
    if (isOver || verdict === undefined) return;
    close();
    told(verdict);
  };
  const fail = (error: Error | null | undefined): void => tell(error ? down(refusal(error)) : undefined);
  socket.on('message', (bytes) => tell(isOver ? undefined : talk?.hear(bytes)));
  socket.on('error', fail);
  socket.connect(port, address, (error?: Error) => {
    if (error !== undefined) fail(error);
    else if (!isOver) socket.send(talk?.request ?? '', fail);
  });
  return close;
}

/** The system's own words, or the name of what is wrong: the words of TLS quote the other side. */
function refusal({ code, errno }: NodeJS.ErrnoException): string {
  if (errno !== undefined) return getSystemErrorMessage(errno);
  return (code ?? 'failed').replace(/^ERR_/, '').replaceAll('_', ' ').toLowerCase();
}
