/**
 * The values a condition can have. `unknown` is an unreadable body, an unknown place, an unverifiable token: `not` leaves it
 * unknown, and a rule holds only when its condition is `true`. `unread` says that the answer lies in a body not read yet:
 * the decision stops there, the body is read, and the decision starts again.
 */
export type Truth = 'true' | 'false' | 'unknown' | 'unread';
