/**
 * What went wrong on the way, for the one line of text that a SERVFAIL carries: which zone is being asked,
 * and how each of its servers disappointed. One journal per name being walked to.
 */
import { Ede } from '../wire/codes.ts';
import { type Name, nameText, ROOT } from '../wire/name.ts';
import { failed, limited, type Outcome } from './outcome.ts';

/** More would not be read. */
const FAULTS_TOLD_MAX = 6;

export const plainText = (name: Name): string => (name.length === 1 ? '.' : nameText(name).slice(0, -1));

export class Journal {
  #zone: Name = ROOT;
  /** By server address or server name, the last thing that can be said of it. */
  readonly #faults = new Map<string, string>();
  #onlyNetwork = true;

  enter(zone: Name): void {
    this.#zone = zone;
    this.#faults.clear();
    this.#onlyNetwork = true;
  }

  /** `192.0.2.1`, `refused`. */
  blame(server: string, fault: string): void {
    this.#faults.set(server, fault);
    this.#onlyNetwork = false;
  }

  /** The system would not carry our query there, or not to whoever knows its address. */
  blameNetwork(server: string, fault: string): void {
    const onlyNetwork = this.#onlyNetwork;
    this.blame(server, fault);
    this.#onlyNetwork = onlyNetwork;
  }

  /** RFC 8914 §4.23 and §4.24: 22 where no authority could be used, 23 where the network was the reason. */
  failure(): Outcome {
    const isNetwork = this.#faults.size > 0 && this.#onlyNetwork;
    return failed(isNetwork ? Ede.NETWORK_ERROR : Ede.NO_REACHABLE_AUTHORITY, this.#text());
  }

  late(): Outcome {
    return limited(`time is up${this.#state()}`, 'question', Ede.NO_REACHABLE_AUTHORITY);
  }

  gaveWay(): Outcome {
    return limited(`gave way to newer questions${this.#state()}`, 'moment', Ede.NO_REACHABLE_AUTHORITY);
  }

  crowded(): Outcome {
    const text = `too many questions wait for the servers of ${plainText(this.#zone)}`;
    return limited(text, 'moment', Ede.NO_REACHABLE_AUTHORITY);
  }

  #state(): string {
    return this.#faults.size > 0
      ? `; ${this.#text()}`
      : ` while the servers of ${plainText(this.#zone)} are asked`;
  }

  #text(): string {
    const zone = plainText(this.#zone);
    if (this.#faults.size === 0) return `no server of ${zone} could be asked`;
    const told = [...this.#faults].slice(0, FAULTS_TOLD_MAX).map(([server, fault]) => `${server} ${fault}`);
    if (this.#faults.size > told.length) told.push('…');
    return `no server of ${zone} answered: ${told.join(', ')}`;
  }
}
