/**
 * File descriptors that a thread opened by the system's own calls. They belong to the process: a thread that
 * is ended from outside closes none of them, and whoever ended it does so in its place. Layout of the memory
 * that both share: one byte for each descriptor, 1 while it is the thread's. A byte is set after opening and
 * cleared before closing, so a thread that ends in between leaves one open; never is another's closed.
 */
import { closeSync } from 'node:fs';
import { DESCRIPTORS_NOTED_MAX } from '../base/limits.ts';
import type { Native } from './native.ts';

export const newDescriptorNotes = (): SharedArrayBuffer => new SharedArrayBuffer(DESCRIPTORS_NOTED_MAX);

/** The same calls; what they open is noted until it is closed. */
export function noting(native: Native, memory: SharedArrayBuffer): Native {
  const notes = new Uint8Array(memory);
  const opened = (fd: number): number => {
    // Beyond the end of a typed array nothing is written, nor for a call that failed.
    if (fd >= 0) notes[fd] = 1;
    return fd;
  };
  return {
    ...native,
    socket: (family, type, protocol) => opened(native.socket(family, type, protocol)),
    epollCreate: (flags) => opened(native.epollCreate(flags)),
    close: (fd) => {
      notes[fd] = 0;
      return native.close(fd);
    },
  };
}

/** After the thread has ended. Says how many there were. */
export function closeLeftOpen(memory: SharedArrayBuffer): number {
  const notes = new Uint8Array(memory);
  let closed = 0;
  for (let fd = notes.indexOf(1); fd >= 0; fd = notes.indexOf(1, fd)) {
    notes[fd] = 0;
    closeSync(fd);
    closed++;
  }
  return closed;
}
