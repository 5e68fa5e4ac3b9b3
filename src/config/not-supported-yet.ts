/**
 * What the configuration language has and this version does not do yet, by section. Nothing of it is ever ignored: it is an
 * error that names the key. Making one of them work begins with taking it out of here.
 */
export const NOT_SUPPORTED_YET = {
  root: [],
  listener: ['tls'],
  service: ['tls'],
  route: ['rewrite', 'redirect', 'respond', 'cors', 'fault', 'rateLimit'],
  rule: ['rewrite', 'redirect', 'respond', 'fault'],
  condition: ['jwt'],
  mirror: [],
  sticky: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The same for values of keys that are there. */
export const VALUES_NOT_SUPPORTED_YET = {
  protocol: ['h2'],
  endpointScheme: ['https'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
