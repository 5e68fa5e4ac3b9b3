import { fromByteString, toByteString } from '../byte-string.ts';
import { cookieValue } from '../matching/cookie.ts';
import type { RequestView } from '../request-view.ts';
import type { Arm, Route } from '../snapshot.ts';
import { armNamed, armOf } from './arms.ts';

/** The header that carries a version along a chain of services. */
export const laneHeader = 'x-gray-lane';

/** The arm that the request's lane names: only from trusted peers, on a route with lanes, for a version the service has. */
export function laneArm(route: Route, request: RequestView): Arm | null {
  if (!route.lane || !request.fromTrustedPeer) return null;
  const name = request.header(laneHeader);
  return name === undefined ? null : armNamed(route, fromByteString(name));
}

/** The arm that the client asks for, if it may. A value that means nothing is as good as none; the header beats the cookie. */
export function overrideArm(route: Route, request: RequestView): Arm | null {
  const { override } = route;
  if (override === null) return null;
  const fromHeader = override.header === null ? undefined : request.header(override.header);
  const fromCookie =
    override.cookie === null ? undefined : cookieValue(request.header('cookie'), toByteString(override.cookie));
  if (fromHeader === undefined && fromCookie === undefined) return null;
  if (override.from !== null && !override.from.contains(request.clientAddress)) return null;
  return wantedArm(route, fromHeader) ?? wantedArm(route, fromCookie);
}

/** `never` is stable, `always` the candidate if there is one, else a version's name. */
function wantedArm(route: Route, wanted: string | undefined): Arm | null {
  if (wanted === undefined) return null;
  if (wanted === 'never') return armOf(route, route.stable);
  if (wanted === 'always') return route.candidate === null ? null : armOf(route, route.candidate);
  return armNamed(route, fromByteString(wanted));
}
