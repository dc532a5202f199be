/**
 * A file, or a FIFO, that a query log is written to. Lines go on where the file ends. A dnstap file is one
 * stream from START to STOP, so that one which is there already is set aside as NAME.1. Opening and writing
 * never block on a FIFO that nobody reads.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { QUERY_LOG_FULL_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Control, controlFrame } from './frame-streams.ts';
import { type Pipe, Stalled } from './outlet.ts';

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

type Handle = Pick<FileHandle, 'write' | 'stat' | 'close'>;

/** Clients' addresses are nobody's business but the operator's. */
const MODE = 0o640;

export async function openFile(file: string, isDnstap: boolean, world: World): Promise<Pipe> {
  if (isDnstap) await setAside(file);
  const handle = await open(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, MODE);
  const pipe = new FilePipe(file, handle, isDnstap, world);
  if (isDnstap) {
    await pipe.write(controlFrame(Control.START)).catch(async (error: unknown) => {
      await pipe.close();
      throw error;
    });
  }
  return pipe;
}

async function setAside(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() && found.size > 0) await rename(file, `${file}.1`);
}

export class FilePipe implements Pipe {
  readonly #file: string;
  readonly #handle: Handle;
  readonly #isDnstap: boolean;
  readonly #world: World;
  #state: 'open' | 'broken' | 'closed' = 'open';
  /** How much of the bytes in hand is written. */
  #at = 0;

  constructor(file: string, handle: Handle, isDnstap: boolean, world: World) {
    this.#file = file;
    this.#handle = handle;
    this.#isDnstap = isDnstap;
    this.#world = world;
  }

  async write(bytes: Uint8Array): Promise<void> {
    while (this.#at < bytes.length) {
      if (this.#state === 'closed') throw new Error('closed before all was written');
      this.#at += await this.#writeSome(bytes, this.#at);
    }
    this.#at = 0;
  }

  async #writeSome(bytes: Uint8Array, at: number): Promise<number> {
    try {
      return (await this.#handle.write(bytes, at)).bytesWritten;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // A full disk tears no line and no frame: it goes on when there is room.
      if (code === 'ENOSPC' || code === 'EDQUOT') throw new Stalled(message);
      // A FIFO has no way to say when there is room again.
      if (code !== 'EAGAIN') {
        this.#state = 'broken';
        throw error;
      }
      await new Promise<void>((resolve) => void this.#world.after(QUERY_LOG_FULL_MS, resolve));
      return 0;
    }
  }

  async isStale(): Promise<boolean> {
    const there = await stat(this.#file).catch(() => undefined);
    const ours = await this.#handle.stat().catch(() => undefined);
    return there === undefined || there.ino !== ours?.ino || there.dev !== ours.dev;
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const isWhole = this.#state === 'open' && this.#at === 0;
    this.#state = 'closed';
    // One try: a reader of a FIFO that has stopped reading does not want the end either.
    if (isWhole && this.#isDnstap) {
      await this.#handle.write(controlFrame(Control.STOP)).catch(() => {});
    }
    await this.#handle.close().catch(() => {});
  }
}
