/**
 * Questions by Node's own sockets, where `upstream-native` has not what it needs. Every query has a socket of
 * its own, connected, so that the kernel turns away other senders and tells when a port is closed.
 */
import type { Socket } from 'node:dgram';
import type { World } from '../base/world.ts';
import { literalSocket } from './udp.ts';
import { type Asker, bindUnforeseeably, type Refusal, refusalOf } from './upstream-asker.ts';
import type { Asking } from './upstream-asking.ts';

export class DgramAsker implements Asker {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  ask(asking: Asking): void {
    const { to, query } = asking.exchange;
    const socket = literalSocket(to.address);
    let isOver = false;
    const end = (reply?: Uint8Array, refusal?: Refusal): void => {
      if (isOver) return;
      isOver = true;
      socket.close();
      asking.end(reply, refusal);
    };
    const refuse = (error: Error): void => end(undefined, refusalOf(error));
    const refusal = bindUnforeseeably(this.#world, (port) => bind(socket, port));
    if (refusal !== undefined) {
      end(undefined, refusal);
      return;
    }
    asking.begin(end);
    socket.on('message', (bytes) => !isOver && asking.judge(bytes) && end(bytes));
    // On a connected socket an ICMP "port unreachable" arrives here.
    socket.on('error', refuse);
    socket.connect(to.port, to.address, (unconnected?: Error) => {
      if (unconnected) refuse(unconnected);
      else if (!isOver) socket.send(query, (unsent) => unsent && refuse(unsent));
    });
  }

  /** Node closes its sockets by itself. */
  close(): void {}
}

/** With nothing to look up, the socket is bound or has failed when `bind` returns. */
function bind(socket: Socket, port: number): Refusal | undefined {
  let refusal: Refusal | undefined;
  const note = (error: Error): void => {
    refusal = refusalOf(error);
  };
  socket.once('error', note);
  socket.bind({ port, exclusive: true });
  socket.off('error', note);
  return refusal;
}
