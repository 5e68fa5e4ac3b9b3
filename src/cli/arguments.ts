import { type ParseArgsConfig, parseArgs } from 'node:util';
import { didYouMean } from '../config/did-you-mean.ts';
import { CommandError, messageOf } from '../control/command-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The arguments of one command, strictly: what is not known is refused as wrong usage. */
export function parseArguments<const T extends Options>(args: readonly string[], options: T, positionals: number) {
  const parsed = parseStrictly(args, options);
  const surplus = parsed.positionals[positionals];
  if (surplus !== undefined) throw new CommandError('usage', `unexpected argument "${surplus}"`);
  return parsed;
}

function parseStrictly<const T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new CommandError('usage', sentenceOf(error, Object.keys(options)), { cause: error });
  }
}

function sentenceOf(error: unknown, known: readonly string[]): string {
  const unknown = /^Unknown option '(-[^']*)'/.exec(messageOf(error))?.[1];
  if (unknown === undefined) return messageOf(error).split(/\.?\n|\. /)[0]!;
  const hint = unknown.startsWith('--') ? didYouMean(unknown.slice(2), known) : null;
  return `unknown option ${unknown}${hint === null ? '' : `; ${hint.replace('did you mean ', 'did you mean --')}`}`;
}

/** A whole number within limits, or wrong usage. */
export function wholeNumber(text: string, name: string, from: number, to: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  throw new CommandError('usage', `${name} must be a whole number from ${from} to ${to}, not "${text}"`);
}

export function onOrOff(text: string | undefined): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new CommandError('usage', text === undefined ? 'on or off is missing' : `it is on or off, not "${text}"`);
}

export function required(value: string | undefined, what: string): string {
  if (value !== undefined && value !== '') return value;
  throw new CommandError('usage', `${what} is missing`);
}
