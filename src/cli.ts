/**
 * The words after `cairn`. Each command's code is imported when it is asked for, so that the server starts
 * fast; so is yargs, which reads all words but those that are plain. `query` and `playground` read their own
 * words, which are dig's and not flags. Exit codes are the commands' own; 2 is for words that make no sense.
 */
import type { Argv } from 'yargs';
import { nearest } from './base/nearest.ts';
import { VERSION } from './control/version.ts';
import { CHECK, PARSING, plainServe, SERVE, type Values } from './tools/words.ts';

const USAGE_EXIT = 2;

const io = {
  out: (text: string): void => void process.stdout.write(text),
  err: (text: string): void => void process.stderr.write(text),
};

async function parser(words: readonly string[], run: (command: Promise<number>) => void): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  return yargs([...words])
    .scriptName('cairn')
    .detectLocale(false)
    .usage('$0 COMMAND\n\nA DNS server for your own names and everyone else’s.')
    .parserConfiguration(PARSING)
    .command('serve', 'Answer queries', flags(SERVE), (values) => run(serve(values)))
    .command('check [file..]', 'Tell what is wrong with zone files and settings', flags(CHECK), (values) =>
      run(check(values)),
    )
    .command('query', 'Ask a server, as dig does', {}, () => {})
    .command('explain', 'Say how an answer comes to be', {}, () => {})
    .command('ctl', 'Tell the server that runs what to do, or ask it how it is', {}, () => {})
    .command('playground', 'A small internet on loopback addresses, and a resolver over it', {}, () => {})
    .demandCommand(1, 'expected a command: serve, check, query, explain, ctl or playground')
    .recommendCommands()
    .strict()
    .version(VERSION)
    .help()
    .alias('help', 'h')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false);
}

const flags =
  (options: typeof SERVE | typeof CHECK) =>
  (argv: Argv): Argv =>
    argv.options(options).check((values) => once(values, options));

/** `--check-only=no` would serve, and nobody knows what `=yes` leaves out. */
function refuseValues(words: readonly string[]): void {
  const options: Readonly<Record<string, { readonly type: string }>> = { ...SERVE, ...CHECK };
  for (const word of words) {
    const [, name = ''] = /^--([^=]+)=/.exec(word) ?? [];
    if (options[name]?.type === 'boolean') throw new Error(`--${name} takes no value`);
  }
}

/** A flag that takes one value and is given two says which it means nowhere. */
function once(values: Values, options: object): true {
  for (const [name, option] of Object.entries(options)) {
    if (!option.array && Array.isArray(values[name])) throw new Error(`--${name} is given more than once`);
  }
  return true;
}

async function serve(values: Values): Promise<number> {
  const flags = {
    config: values.config as string | undefined,
    listen: values.listen as string[] | undefined,
    zones: values.zones as string | undefined,
    zone: values.zone as string[] | undefined,
    recursion: values['no-recursion'] === true ? false : undefined,
    rootHints: values['root-hints'] as string | undefined,
  };
  if (values['check-only'] === true) return (await import('./tools/check.ts')).checkAll(flags, io);
  return (await import('./main.ts')).serve(flags);
}

async function check(values: Values): Promise<number> {
  const { runCheck } = await import('./tools/check.ts');
  const {
    file: files,
    config,
    zones,
    schema,
  } = values as Partial<{
    file: string[];
    config: string;
    zones: string;
    schema: boolean;
  }>;
  return runCheck({ files: files ?? [], config, zones, schema: schema === true }, io);
}

/** Commands that read their own words. */
async function runRaw(words: readonly string[]): Promise<number | undefined> {
  if (words[0] === 'query') return (await import('./tools/query.ts')).runQuery(words.slice(1), io);
  if (words[0] === 'ctl') return (await import('./tools/ctl.ts')).runCtl(words.slice(1), io);
  if (words[0] === 'explain') return (await import('./tools/explain.ts')).runExplain(words.slice(1), io);
  if (words[0] === 'playground')
    return (await import('./tools/playground.ts')).runPlayground(words.slice(1), io);
  return undefined;
}

async function run(words: readonly string[]): Promise<number> {
  const raw = await runRaw(words);
  if (raw !== undefined) return raw;
  const plain = plainServe(words);
  if (plain !== undefined) return serve(plain);
  let command: Promise<number> = Promise.resolve(0);
  try {
    refuseValues(words);
    const asked = await parser(words, (running) => {
      command = running;
    });
    await asked
      .fail((message, error) => {
        throw error ?? new Error(message);
      })
      .parseAsync();
  } catch (error) {
    const command = words[0] === 'serve' || words[0] === 'check' ? ` ${words[0]}` : '';
    const known = Object.keys(command === ' serve' ? SERVE : command === ' check' ? CHECK : {});
    io.err(`cairn${command}: ${usageText((error as Error).message, words, known)}\n`);
    io.err(`cairn${command}: 'cairn${command} --help' shows the words\n`);
    return USAGE_EXIT;
  }
  return command;
}

/** yargs says what it does not know; the next thing to know is what was meant. */
function usageText(message: string, words: readonly string[], known: readonly string[]): string {
  if (message.startsWith('Did you mean')) return `there is no command ${words[0]}; did${message.slice(3)}`;
  const [, valueless] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (valueless !== undefined) return `--${valueless}: expected a value after it`;
  const [, unknown] = /^Unknown (?:argument|command)s?: (.*)$/.exec(message) ?? [];
  if (unknown === undefined) return message;
  return unknown
    .split(', ')
    .map((word) => {
      if (words.includes(word)) return `what is ${word}?`;
      const meant = nearest(word, known);
      return meant === undefined
        ? `there is no --${word}`
        : `there is no --${word}; did you mean --${meant}?`;
    })
    .join('\n  ');
}

process.exit(await run(process.argv.slice(2)));
