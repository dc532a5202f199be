/**
 * What systemd does for a service, for tests: a datagram socket in the file system, each datagram one
 * message.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const LISTENER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print('listening', flush=True)
while True:
    message, fds, _, _ = socket.recv_fds(s, 4096, 4)
    for fd in fds: os.close(fd)
    print(message.decode().strip().replace(chr(10), ' '), flush=True)
`;

export class Systemd {
  /** Messages so far, without the barriers by which systemd-notify waits until it was heard. */
  readonly messages: string[] = [];
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;
  readonly #listener: ChildProcess;
  #wake = (): void => {};

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'cairn-systemd-'));
    const path = join(this.#folder, 'notify');
    this.env = { ...process.env, NOTIFY_SOCKET: path };
    this.#listener = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#listener.stdout?.on('data', (chunk: Buffer) => {
      const lines = String(chunk).trim().split('\n');
      this.messages.push(...lines.filter((line) => /^(?!BARRIER)./.test(line)));
      this.#wake();
    });
  }

  static async listen(): Promise<Systemd> {
    const systemd = new Systemd();
    await systemd.heard('listening');
    systemd.messages.length = 0;
    return systemd;
  }

  /** The first message from `from` on that has these words. */
  async heard(words: string, from = 0): Promise<string> {
    for (;;) {
      const message = this.messages.slice(from).find((each) => each.includes(words));
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#listener.kill();
    rmSync(this.#folder, { recursive: true });
  }
}

export const hasCommand = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export const hasSystemd = hasCommand('systemd-notify') && hasCommand('python3');
