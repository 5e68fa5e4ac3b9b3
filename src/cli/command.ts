/** Where a command reads its surroundings and writes its answers. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** To stdout: answers. Text with its line ends. */
  out(text: string): void;
  /** To stderr: everything else. */
  err(text: string): void;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Every form of its arguments, one a line, without the program's name. */
  readonly usage: string;
  /** Returns the exit code; throws a `CommandError` for what is refused. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}
