/**
 * A health check over HTTP/1.1: one request, of whose response the status is read, and the body only where a
 * text is looked for in it. No redirect is followed, no header of the response means anything here but the
 * framing of the body (RFC 9112 §6), and after PROBE_REPLY_BYTES_MAX bytes it counts what was read.
 */
import { PROBE_REPLY_BYTES_MAX } from '../base/limits.ts';
import type { HttpTerms } from './check.ts';
import { type Conversation, down, type Endpoint, up, type Verdict } from './conversation.ts';

const STATUS = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |\r?$)/;
/** RFC 9112 §7.1. */
const CHUNK = /^([\da-f]{1,8})[ \t]*(?:;.*)?\r?$/i;

export class HttpTalk implements Conversation {
  readonly request: Uint8Array;
  readonly #terms: HttpTerms;
  /** What was heard and not read, as Latin-1: a character is a byte. */
  #unread = '';
  #heard = 0;
  #status = '';
  /** The end of the body so far: what is looked for may begin in it. */
  #body = '';
  readonly #wanted: string;
  /** Undefined until the headers have been read. */
  #framing: 'chunked' | 'plain' | undefined;
  /** Of the chunk in hand. */
  #chunkLeft = 0;

  constructor(terms: HttpTerms, to: Endpoint, usualPort: number) {
    this.#terms = terms;
    this.request = requestOf(terms, to, usualPort);
    this.#wanted = Buffer.from(terms.contains ?? '').toString('latin1');
  }

  hear(bytes: Uint8Array): Verdict | undefined {
    const room = PROBE_REPLY_BYTES_MAX - this.#heard;
    this.#unread += Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, room)).toString(
      'latin1',
    );
    this.#heard += bytes.length;
    const verdict = this.#read();
    return verdict ?? (this.#heard >= PROBE_REPLY_BYTES_MAX ? this.ended() : undefined);
  }

  ended(): Verdict {
    if (this.#status === '') return down(this.#heard === 0 ? 'closed without a word' : 'no HTTP response');
    return down(`status ${this.#status}, and the text is not in what was read`);
  }

  #read(): Verdict | undefined {
    if (this.#framing !== undefined) return this.#readBody();
    const verdict = this.#readStatus();
    if (verdict !== undefined) return verdict;
    // Headers, and those of the interim responses before it (RFC 9110 §15.2).
    const end = /\r?\n\r?\n/.exec(this.#unread);
    if (this.#status === '' || end === null) return undefined;
    const headers = this.#unread.slice(0, end.index);
    this.#unread = this.#unread.slice(end.index + end[0].length);
    if (this.#status.startsWith('1')) {
      this.#status = '';
      return this.#read();
    }
    this.#framing = headers.split('\n').some(saysChunked) ? 'chunked' : 'plain';
    return this.#readBody();
  }

  /** The first line decides, where no text is looked for. */
  #readStatus(): Verdict | undefined {
    if (this.#status !== '') return undefined;
    const end = this.#unread.indexOf('\n');
    if (end < 0) return undefined;
    const [, status] = STATUS.exec(this.#unread.slice(0, end)) ?? [];
    if (status === undefined) return down('no HTTP response');
    this.#status = status;
    if (status.startsWith('1')) return undefined;
    const code = Number(status);
    if (!this.#terms.expect.some(([first, last]) => first <= code && code <= last))
      return down(`status ${status}`);
    return this.#wanted === '' ? up(`status ${status}`) : undefined;
  }

  #readBody(): Verdict | undefined {
    let isOver = false;
    if (this.#framing === 'plain') this.#take(this.#unread.length);
    else isOver = this.#readChunks();
    if (this.#body.includes(this.#wanted)) return up(`status ${this.#status}, and the text is there`);
    this.#body = this.#body.slice(-this.#wanted.length);
    return isOver ? this.ended() : undefined;
  }

  #take(length: number): void {
    this.#body += this.#unread.slice(0, length);
    this.#unread = this.#unread.slice(length);
  }

  /** True behind the last of them, or where there is something else. */
  #readChunks(): boolean {
    for (;;) {
      const length = Math.min(this.#chunkLeft, this.#unread.length);
      this.#take(length);
      this.#chunkLeft -= length;
      if (this.#chunkLeft > 0) return false;
      // What ends a chunk's line also ends the chunk.
      this.#unread = this.#unread.replace(/^\r?\n/, '');
      const end = this.#unread.indexOf('\n');
      if (end < 0) return false;
      const [, size = '0'] = CHUNK.exec(this.#unread.slice(0, end)) ?? [];
      this.#unread = this.#unread.slice(end + 1);
      this.#chunkLeft = Number.parseInt(size, 16);
      if (this.#chunkLeft === 0) return true;
    }
  }
}

/** RFC 9112 §6.1: the last coding that is named frames the body. */
const saysChunked = (line: string): boolean => {
  const text = line.trimEnd().toLowerCase();
  return text.startsWith('transfer-encoding:') && text.endsWith('chunked');
};

function requestOf({ method, path, host }: HttpTerms, to: Endpoint, usualPort: number): Uint8Array {
  const address = to.address.includes(':') ? `[${to.address}]` : to.address;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host ?? (to.port === usualPort ? address : `${address}:${to.port}`)}`,
    'User-Agent: cairn',
    'Accept: */*',
    'Connection: close',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
