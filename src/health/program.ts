/**
 * A health check by a program of the operator's: exit status 0 is up. No shell, nothing of our environment
 * but PATH, nothing read of what it says. It is a process group of its own, so that with it ends what it has
 * begun.
 */
import { spawn } from 'node:child_process';
import { type Cancel, down, type Endpoint, type Told, up, type Verdict } from './conversation.ts';

/** Where programs are, if nobody says. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function runProgram(command: readonly string[], { address, port }: Endpoint, told: Told): Cancel {
  const [program = '', ...args] = command.map((argument) =>
    argument.replaceAll('{address}', address).replaceAll('{port}', String(port)),
  );
  const child = spawn(program, args, {
    stdio: 'ignore',
    detached: true,
    cwd: '/',
    env: { PATH: process.env.PATH ?? PATH, CAIRN_ADDRESS: address, CAIRN_PORT: String(port) },
  });
  let isOver = false;
  const tell = (verdict: Verdict): void => {
    if (isOver) return;
    isOver = true;
    told(verdict);
  };
  child.on('error', ({ code }: NodeJS.ErrnoException) => tell(down(`cannot be run: ${code ?? 'failed'}`)));
  child.on('exit', (status, signal) => {
    if (status === 0) tell(up('exit status 0'));
    else tell(down(status === null ? `ended by ${signal}` : `exit status ${status}`));
  });
  return () => {
    isOver = true;
    endGroup(child.pid);
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
