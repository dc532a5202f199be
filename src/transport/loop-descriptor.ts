/**
 * By which file descriptor this thread's event loop waits. Node does not tell; libuv keeps it for those who
 * wait for a loop and for something else in one call (`uv_backend_fd`). So a socket is given to the loop, and
 * whichever epoll the kernel shows to watch it is the loop's. Undefined where /proc does not show that.
 */
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type Native, Sys } from './native.ts';

/** The loop hands over to the kernel what it is to watch before it waits, which it does once a turn. */
const TURNS = 3;
const DESCRIPTORS = '/proc/self/fdinfo';

export async function loopDescriptor(native: Native): Promise<number | undefined> {
  const fd = native.socket(Sys.AF_INET, Sys.SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return undefined;
  const socket = createSocket('udp4');
  socket.bind({ fd });
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      await setImmediate();
      const watching = epollThatWatches(fd);
      if (watching !== undefined) return watching;
    }
    return undefined;
  } finally {
    socket.close();
  }
}

/** proc_pid_fdinfo(5): each target of an epoll is a line of its own. */
function epollThatWatches(fd: number): number | undefined {
  const target = new RegExp(`^tfd: +${fd} `, 'm');
  try {
    const found = readdirSync(DESCRIPTORS).find((each) => target.test(textOf(`${DESCRIPTORS}/${each}`)));
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** Nothing where it has been closed meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
