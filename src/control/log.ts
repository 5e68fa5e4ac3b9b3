export type LogLevel = 'info' | 'warning' | 'error';

/** Where the gateway tells its operator what happens: one line a call, no line breaks needed inside. */
export type Log = (level: LogLevel, text: string) => void;
