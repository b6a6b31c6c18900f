import ipaddr from 'ipaddr.js';

/** One name of the environment. */
export interface Setting<T> {
  readonly doc: string;
  readonly example: string;
  /** Throws an Error whose message says what the value must be. */
  readonly parse: (text: string) => T;
  readonly fallback: T;
  readonly secret?: boolean;
}

export const setting = <T>(
  doc: string,
  example: string,
  fallback: T,
  parse: (text: string) => T,
  secret = false,
): Setting<T> => ({
  doc,
  example,
  fallback,
  parse,
  secret,
});

export const text = (value: string) => value;
export const optionalUrl =
  (...protocols: string[]) =>
  (value: string): string | undefined => {
    if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
      throw new Error(`must be a URL that begins with ${protocols.map((one) => `${one}//`).join(' or ')}`);
    }
    return value;
  };

export function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new Error(`must be a whole number from ${least} to ${most}`);
    return number;
  };
}

/** By its beginning only: a server behind a socket has no host, which no URL parser takes (`postgres:///weir?host=/run`). */
export function postgresUrl(value: string): string {
  if (!/^postgres(ql)?:\/\/[^\s]*\/[^\s/]+$/.test(value) && !/^postgres(ql)?:\/\/[^\s]+\?host=/.test(value)) {
    throw new Error('must be a URL such as postgres://user:password@host:5432/database');
  }
  return value;
}

/** By its beginning only: no URL parser takes one of several hosts. */
export function mongodbUrl(value: string): string {
  if (!/^mongodb(\+srv)?:\/\/[^\s/]+(\/[^\s]*)?$/.test(value))
    throw new Error('must be a URL such as mongodb://user:password@host:27017/database');
  return value;
}

export interface EngineCredentials {
  readonly username: string;
  readonly password: string;
  /** `host` or `host:port`. */
  readonly host: string;
}

/** User and password are percent-encoded, as in a URL. */
export function parseCredentials(value: string): readonly EngineCredentials[] {
  return value.split(/\s+/).map((one) => {
    const [, username, password, host] = /^([^:@/]+):([^:@/]+)@([^\s@/]+)$/.exec(one) ?? [];
    if (!username || !password || !host) throw new Error('must be user:password@host, separated by spaces');
    return { username: decodeURIComponent(username), password: decodeURIComponent(password), host };
  });
}

export function oneOf(...words: string[]): (value: string) => string {
  return (value) => {
    if (!words.includes(value)) throw new Error(`must be one of ${words.join(', ')}`);
    return value;
  };
}

export function onOff(value: string): boolean {
  if (value !== 'on' && value !== 'off') throw new Error('must be on or off');
  return value === 'on';
}

export function parseCidrs(value: string): readonly string[] {
  const networks = value.split(',').map((one) => one.trim());
  for (const network of networks) {
    if (!ipaddr.isValidCIDR(network))
      throw new Error(`${network} is no network; write for example 10.0.0.0/8`);
  }
  return networks;
}

export function parseOrigins(value: string): readonly string[] {
  return value.split(',').map((one) => {
    const origin = one.trim();
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new Error(`${origin} is no origin; write for example https://www.example.com`);
    return origin;
  });
}

export function parseList(value: string): readonly string[] {
  const names = value.split(',').map((one) => one.trim());
  if (names.includes('')) throw new Error('must be names separated by single commas');
  return names;
}
