/**
 * A Unix socket that a query log is written to: lines, or dnstap after the handshake of Frame Streams (READY,
 * ACCEPT, START; STOP, FINISH at the end).
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { DNSTAP_ACCEPT_MS, DNSTAP_FINISH_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Control, ControlReader, controlFrame } from './frame-streams.ts';
import type { Pipe } from './outlet.ts';

export async function openSocket(path: string, isDnstap: boolean, world: World): Promise<Pipe> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const pipe = new SocketPipe(socket, isDnstap, world);
  if (isDnstap) await pipe.introduce();
  return pipe;
}

class SocketPipe implements Pipe {
  readonly #socket: Socket;
  readonly #isDnstap: boolean;
  readonly #world: World;
  readonly #said = new ControlReader();
  /** Called with each control frame, and without one when the socket has closed. */
  #onControl: ((type?: number) => void) | undefined;
  #fault = 'the reader closed the socket';
  #isWriting = false;

  constructor(socket: Socket, isDnstap: boolean, world: World) {
    this.#socket = socket;
    this.#isDnstap = isDnstap;
    this.#world = world;
    socket.on('error', ({ message }) => {
      this.#fault = message;
    });
    socket.on('close', () => this.#onControl?.());
    // What a reader of lines says is read, so that its leaving is seen, and means nothing.
    socket.on('data', (chunk) => {
      if (isDnstap) this.#hear(chunk);
    });
  }

  #hear(chunk: Buffer): void {
    const types = this.#said.push(chunk);
    if (types === undefined) {
      this.#fault = 'the reader does not speak dnstap over Frame Streams';
      this.#socket.destroy();
    }
    for (const type of types ?? []) this.#onControl?.(type);
  }

  async introduce(): Promise<void> {
    this.#socket.write(controlFrame(Control.READY));
    if (!(await this.#control(Control.ACCEPT, DNSTAP_ACCEPT_MS))) {
      const fault = this.#socket.destroyed ? this.#fault : 'the reader does not accept dnstap';
      this.#socket.destroy();
      throw new Error(fault);
    }
    this.#socket.write(controlFrame(Control.START));
  }

  /** False when it does not come in time. */
  async #control(wanted: number, ms: number): Promise<boolean> {
    const came = await new Promise<boolean>((resolve) => {
      const cancel = this.#world.after(ms, () => resolve(false));
      this.#onControl = (type) => {
        if (type !== undefined && type !== wanted) return;
        cancel();
        resolve(type === wanted);
      };
      if (this.#socket.destroyed) this.#onControl();
    });
    this.#onControl = undefined;
    return came;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writable) throw new Error(this.#fault);
    this.#isWriting = true;
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(new Error(this.#fault)) : resolve()));
    });
    this.#isWriting = false;
  }

  async isStale(): Promise<boolean> {
    return this.#socket.destroyed;
  }

  async close(): Promise<void> {
    // Behind a write that is stuck nothing else would be heard.
    const canSpeak = !this.#isWriting && this.#socket.writable && !this.#socket.destroyed;
    if (canSpeak && this.#isDnstap) {
      this.#socket.write(controlFrame(Control.STOP));
      await this.#control(Control.FINISH, DNSTAP_FINISH_MS);
    }
    if (canSpeak && !this.#isDnstap) this.#socket.end();
    else this.#socket.destroy();
  }
}
