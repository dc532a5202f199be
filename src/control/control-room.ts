/**
 * Where requests over the control socket are taken in: opened with the doors, before root is given up, and
 * closed with them. Until everything is up whoever asks is told so. Where nobody says which socket, it is in
 * the folder that is there for such things, or there is none.
 */
import { existsSync } from 'node:fs';
import type { BugLog } from './bugs.ts';
import { type ControlSocket, openControlSocket, RequestFault } from './control-socket.ts';
import type { Logger } from './log.ts';
import { answerRequest, type Offices } from './requests.ts';
import type { Settings } from './settings.ts';

/** systemd makes it for a unit with `RuntimeDirectory=cairn`. */
const RUN_FOLDER = '/run/cairn';

/** Where the socket is, or is to be, if nothing is said; undefined where there is no place for it. */
export function usualControlPath(env: NodeJS.ProcessEnv): string | undefined {
  if (existsSync(RUN_FOLDER)) return `${RUN_FOLDER}/control.sock`;
  const { XDG_RUNTIME_DIR: own } = env;
  return own === undefined || own === '' ? undefined : `${own}/cairn.sock`;
}

export class ControlRoom {
  readonly #bugs: BugLog;
  #socket: ControlSocket | undefined;
  #offices: Offices | undefined;

  constructor(bugs: BugLog) {
    this.#bugs = bugs;
  }

  /** False when it was asked for by name and cannot be had, which is then in the log. */
  async open(
    { socket: named }: Settings['control'],
    env: NodeJS.ProcessEnv,
    logger: Logger,
  ): Promise<boolean> {
    const path = named ?? usualControlPath(env);
    if (path === false || path === undefined) return true;
    const opened = await openControlSocket(path, {
      answer: (request) => this.#answer(request),
      onBug: (bug) => this.#bugs.tell(bug, { during: 'a control request' }),
    });
    if (typeof opened !== 'string') this.#socket = opened;
    else if (named === undefined) logger.warn({ why: opened }, 'no control socket');
    else logger.error(`control.socket: ${opened}`);
    return typeof opened !== 'string' || named === undefined;
  }

  /** Where it is, if there is one. */
  get path(): string | undefined {
    return this.#socket?.path;
  }

  /** From now on requests are answered. */
  ready(offices: Offices): void {
    this.#offices = offices;
  }

  #answer(request: unknown): AsyncGenerator<unknown, unknown> {
    if (this.#offices === undefined) throw new RequestFault('this server is still starting');
    return answerRequest(request, this.#offices);
  }

  async close(): Promise<void> {
    await this.#socket?.close();
    this.#socket = undefined;
  }
}
