/**
 * What is put off to the next turn of the thread's loop, and whether anything is: who would wait outside of
 * the loop asks here first, for an immediate call is nothing that a descriptor tells of. All of a thread that
 * waits so puts off by its one of these.
 */
export class NextTurn {
  #due = 0;

  get isDue(): boolean {
    return this.#due > 0;
  }

  call(then: () => void): void {
    this.#due++;
    setImmediate(() => {
      this.#due--;
      then();
    });
  }

  /** Resolves then. */
  come(): Promise<void> {
    return new Promise((resolve) => this.call(resolve));
  }
}
